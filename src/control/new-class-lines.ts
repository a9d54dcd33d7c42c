import { LIMITS } from '../core/limits.ts';

const MINUTE_MS = 60_000;

/** Which lines about new classes go to the log: `LIMITS.newClassLines` a minute, then how many there were besides. */
export class NewClassLines {
  private sinceMs = Number.NEGATIVE_INFINITY;
  private told = 0;
  private untold = 0;

  /** Whether the line of a class that is new now goes to the log. */
  mayTell(nowMs: number): boolean {
    if (nowMs - this.sinceMs >= MINUTE_MS) {
      this.sinceMs = nowMs;
      this.told = 0;
    }
    const may = this.told < LIMITS.newClassLines;
    if (may) this.told += 1;
    else this.untold += 1;
    return may;
  }

  /** A line about those that were not told, once their minute is over; null: none. */
  takeRest(nowMs: number): string | null {
    if (this.untold === 0 || nowMs - this.sinceMs < MINUTE_MS) return null;
    const rest = this.untold;
    this.untold = 0;
    return `${rest} more new differences within a minute: cutover differences lists them`;
  }
}
