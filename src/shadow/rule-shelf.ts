import { compileRules, type RuleBook } from '../diff/rules.ts';
import type { DiffRules } from './pack.ts';

/** The rules that the diff thread was sent last, made ready, without those whose time is over. */
export class RuleShelf {
  private rules: DiffRules = { rules: 0, list: [] };
  private book: RuleBook | null = null;
  private ready = true;
  /** When the next rule ends, milliseconds since the Unix epoch. */
  private untilMs = Number.POSITIVE_INFINITY;

  put(rules: DiffRules): void {
    this.rules = rules;
    this.ready = false;
  }

  /**
   * The rules of this number as they hold now; null for none.
   * @param nowMs milliseconds since the Unix epoch
   * @throws Error for a number that was never sent: a defect of ours
   */
  async take(number: number, nowMs: number): Promise<RuleBook | null> {
    if (number === 0) return null;
    if (number !== this.rules.rules) throw new Error(`rules ${number} were not sent`);
    if (!this.ready || nowMs >= this.untilMs) {
      const { list } = this.rules;
      this.book = await compileRules(list, nowMs);
      const ends = list.map(({ expiresMs }) => expiresMs ?? Number.POSITIVE_INFINITY);
      this.untilMs = Math.min(Number.POSITIVE_INFINITY, ...ends.filter((endMs) => endMs > nowMs));
      this.ready = true;
    }
    return this.book;
  }
}
