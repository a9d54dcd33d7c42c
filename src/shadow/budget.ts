// HOT: three counters; the clock is read when half of the cap is reached, and when all of it is.
import { monotonicUs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';

/** What all copies of one worker hold together: copies in flight and bytes. */
export class CopyBudget {
  private maxInFlight: number;
  private maxBytes: number;
  private readonly nowUs: () => number;
  /** Since when half of the cap or more is unanswered; -1: it is not. */
  private crowdedUs = -1;
  /** So long, microseconds, it has to be: half of the time that a copy has, where that is less. */
  patienceUs = LIMITS.saturatedMs * 1_000;
  /** Copies whose lane has not answered. */
  unanswered = 0;
  /** Copies held at all: unanswered, or answered and waiting for the original. */
  held = 0;
  /** No copy begins: the worker has more to do than it can. */
  paused = false;
  /** Bytes of request bodies and captured answers. */
  bytes = 0;

  constructor(maxInFlight: number, maxBytes: number, nowUs: () => number = monotonicUs) {
    this.nowUs = nowUs;
    this.maxInFlight = maxInFlight;
    this.maxBytes = maxBytes;
  }

  /** Replaces the caps; what is held stays. */
  configure(maxInFlight: number, maxBytes: number): void {
    this.maxInFlight = maxInFlight;
    this.maxBytes = maxBytes;
  }

  /** A copy leaves: its lane owes an answer. */
  ask(): void {
    this.unanswered += 1;
    if (this.crowdedUs < 0 && this.unanswered * 2 >= this.maxInFlight) this.crowdedUs = this.nowUs();
  }

  /** A copy has its answer, or will not get one. */
  answer(): void {
    this.unanswered -= 1;
    if (this.unanswered * 2 < this.maxInFlight) this.crowdedUs = -1;
  }

  /**
   * Whether one more copy fits: `saturated` when the cap is full of copies that were not answered, and half of it has been
   * for a while. A cap that fills up at once, after a pause of the gateway itself, says nothing of the lane. A copy that
   * was answered gives its place back, or slow originals would leave the sample exactly when they are slow.
   */
  room(): 'free' | 'full' | 'saturated' {
    if (this.paused) return 'full';
    if (this.unanswered >= this.maxInFlight) return this.isCrowded() ? 'saturated' : 'full';
    return this.held >= LIMITS.copiesHeld || this.bytes >= this.maxBytes ? 'full' : 'free';
  }

  private isCrowded(): boolean {
    return this.crowdedUs >= 0 && this.nowUs() - this.crowdedUs >= this.patienceUs;
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
