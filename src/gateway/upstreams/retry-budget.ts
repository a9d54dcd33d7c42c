// HOT: one addition per request.
import { LIMITS } from '../../core/limits.ts';

/**
 * How many requests of one upstream may be made again: a share of the recent ones, and a small floor, so that servers
 * that all fail are not asked twice as often just when they can bear it least. Each request saves up its share of a
 * retry, `LIMITS.retriesSaved` at the most; a retry spends one.
 *
 * What the pool repeats by itself after a keep-alive race is not counted: it needs a connection that had worked
 * before, happens once per call, and always goes to a new connection, so it cannot feed on itself; and it is no sign
 * of a failing server.
 */
export class RetryBudget {
  /** Retries that were made, and that were refused because the budget was empty. */
  spent = 0;
  denied = 0;
  private readonly share: number;
  private readonly floor: number;
  private saved: number;
  private lastMs: number;

  /** @param share of the requests, 0 to 1; 0 is no retry at all */
  constructor(share: number, nowMs: number) {
    this.share = share;
    this.floor = share === 0 ? 0 : LIMITS.retryFloor;
    this.saved = this.floor;
    this.lastMs = nowMs;
  }

  /** A request of a client, not a retry of it. */
  earn(): void {
    if (this.saved < LIMITS.retriesSaved) this.saved += this.share;
  }

  /** Asks for one retry. @param nowMs monotonic */
  take(nowMs: number): boolean {
    const regained = (nowMs - this.lastMs) / 1_000;
    this.lastMs = nowMs;
    if (this.saved < this.floor) this.saved = Math.min(this.floor, this.saved + regained);
    if (this.saved < 1) {
      this.denied += 1;
      return false;
    }
    this.saved -= 1;
    this.spent += 1;
    return true;
  }
}
