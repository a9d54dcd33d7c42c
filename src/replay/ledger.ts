import type { PairSubject, ReplayTally } from './tally.ts';
import type { PairEnd } from './result.ts';

/** One request that was read and may be sent. */
interface Page {
  readonly ordinal: number;
  readonly subject: PairSubject;
  /** Null until it has an end. */
  end: PairEnd | null;
  /** May be sent again after an interruption. */
  readonly repeatable: boolean;
}

/**
 * Keeps what became of requests until all before them have an end, so that the tally hears of them in the order of the
 * capture, whichever lane was faster. As long as the requests read ahead.
 */
export class Ledger {
  private readonly tally: ReplayTally;
  private pages: Page[] = [];
  private first = 0;

  constructor(tally: ReplayTally) {
    this.tally = tally;
  }

  /** Requests without an end. */
  get open(): number {
    return this.pages.length - this.first;
  }

  /** A request was read that will be sent. @returns takes its end */
  enter(ordinal: number, subject: PairSubject, repeatable: boolean): (end: PairEnd) => void {
    const page: Page = { ordinal, subject, end: null, repeatable };
    this.pages.push(page);
    return (end) => {
      page.end = end;
      this.advance();
    };
  }

  private advance(): void {
    for (;;) {
      const page = this.pages[this.first];
      // Whether a request that was cut off counts is decided when all is over.
      if (page === undefined || page.end === null || page.end.outcome === 'interrupted') break;
      this.tally.add(page.subject, page.end);
      this.first += 1;
    }
    // Shifted rarely: moving a thousand places for each pair would cost more than the pair.
    if (this.first < 1_024) return;
    this.pages = this.pages.slice(this.first);
    this.first = 0;
  }

  /**
   * Ends the book of a replay that was interrupted, when nothing runs any more.
   * @returns ordinals to begin with when it goes on: what was not sent, and what was cut off and does no harm twice
   */
  close(): number[] {
    const again: number[] = [];
    const cut: Page[] = [];
    for (const page of this.pages.slice(this.first)) {
      const { ordinal, subject, end, repeatable } = page;
      if (end !== null && (end.outcome !== 'interrupted' || !repeatable)) this.tally.add(subject, end);
      else {
        again.push(ordinal);
        if (end !== null) cut.push(page);
      }
    }
    this.pages = cut;
    this.first = 0;
    return again;
  }

  /**
   * Counts what {@link close} left out, for the report of the interrupted replay alone.
   * @param again what `close` returned
   */
  countUnfinished(again: readonly number[]): void {
    for (const { subject, end } of this.pages) if (end !== null) this.tally.add(subject, end);
    for (let count = this.pages.length; count < again.length; count += 1) this.tally.leave('interrupted');
    this.pages = [];
  }
}
