// HOT: a token bucket; two multiplications a call.
import { monotonicMs } from '../core/clock.ts';

/**
 * Caps copies a second of one worker, growing from zero to the full rate over a ramp after the start, so that a
 * cold candidate is not met by the whole sample at once.
 */
export class RateCap {
  private readonly perSecond: number;
  private readonly rampMs: number;
  private readonly startedMs: number;
  private tokens = 1;
  private lastMs: number;

  /**
   * @param perSecond copies a second; 0 means no cap
   * @param startedMs monotonic time the ramp starts from
   */
  constructor(perSecond: number, rampMs: number, startedMs: number) {
    this.perSecond = perSecond;
    this.rampMs = rampMs;
    this.startedMs = startedMs;
    this.lastMs = startedMs;
  }

  /** Whether one more copy may go now. */
  take(nowMs: number = monotonicMs()): boolean {
    if (this.perSecond === 0) return true;
    const ramp = this.rampMs === 0 ? 1 : Math.min(1, (nowMs - this.startedMs) / this.rampMs);
    const rate = this.perSecond * ramp;
    // One second's worth is the largest burst; at least one, or a rate below 1/s would never let one go.
    this.tokens = Math.min(Math.max(1, rate), this.tokens + ((nowMs - this.lastMs) / 1000) * rate);
    this.lastMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
