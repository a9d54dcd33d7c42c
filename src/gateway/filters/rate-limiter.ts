// HOT: one lookup and one write per request.
import { LIMITS } from '../../core/limits.ts';

/**
 * How fast each client may go on asking: the generic cell rate algorithm (ITU-T I.371), one number per client. It is the
 * moment at which everything asked so far would have been asked at the even rate.
 */
export class RateLimiter {
  readonly perSecond: number;
  readonly burst: number;
  private readonly stepMs: number;
  /** Two generations: when the younger one is full, the older one is forgotten. */
  private young = new Map<string, number>();
  private old = new Map<string, number>();

  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.stepMs = 1_000 / perSecond;
  }

  /**
   * Takes one request of this client.
   * @returns milliseconds until the next one would be let in, 0 when this one is
   */
  take(client: string, nowMs: number): number {
    const due = Math.max(nowMs, this.young.get(client) ?? this.old.get(client) ?? 0);
    const waitMs = due - nowMs - (this.burst - 1) * this.stepMs;
    // Sums of steps are not exact: a thousandth of a millisecond is no reason to refuse.
    if (waitMs > 0.001) return waitMs;
    if (this.young.size >= LIMITS.rateLimitClients / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(client, due + this.stepMs);
    return 0;
  }
}
