// HOT: three counters.
import { LIMITS } from '../core/limits.ts';

/** What all copies of one worker hold together: copies in flight and bytes. */
export class CopyBudget {
  private maxInFlight: number;
  private maxBytes: number;
  /** Copies whose lane has not answered. */
  unanswered = 0;
  /** Copies held at all: unanswered, or answered and waiting for the original. */
  held = 0;
  /** No copy begins: the worker has more to do than it can. */
  paused = false;
  /** Bytes of request bodies and captured answers. */
  bytes = 0;

  constructor(maxInFlight: number, maxBytes: number) {
    this.maxInFlight = maxInFlight;
    this.maxBytes = maxBytes;
  }

  /** Replaces the caps; what is held stays. */
  configure(maxInFlight: number, maxBytes: number): void {
    this.maxInFlight = maxInFlight;
    this.maxBytes = maxBytes;
  }

  /**
   * Whether one more copy fits: `saturated` when the cap is full of copies that were not answered. A copy that was
   * answered gives its place back, or slow originals would leave the sample exactly when they are slow.
   */
  room(): 'free' | 'full' | 'saturated' {
    if (this.paused) return 'full';
    if (this.unanswered >= this.maxInFlight) return 'saturated';
    return this.held >= LIMITS.copiesHeld || this.bytes >= this.maxBytes ? 'full' : 'free';
  }

  /** Takes bytes; false, and nothing is taken, when they do not fit. */
  reserve(bytes: number): boolean {
    if (this.bytes + bytes > this.maxBytes) return false;
    this.bytes += bytes;
    return true;
  }

  /** Gives bytes back. */
  release(bytes: number): void {
    this.bytes -= bytes;
  }
}
