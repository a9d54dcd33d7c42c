import { wallMs } from '../core/clock.ts';
import { incarnation } from '../core/ids.ts';
import { Book } from './book.ts';
import type { ClassTable } from './classes.ts';
import type { TelemetryDelta, WorkerGauges } from './types.ts';

/** Everything one worker counted, by epoch. */
export class Recorder {
  private readonly books = new Map<number, Book>();
  private readonly classes: ClassTable;
  private sequence = 0;
  private fromMs = wallMs();

  constructor(classes: ClassTable) {
    this.classes = classes;
  }

  /** The book of an epoch; a new epoch opens a new one. */
  book(epoch: number): Book {
    let book = this.books.get(epoch);
    if (book === undefined) {
      book = new Book(epoch);
      this.books.set(epoch, book);
    }
    return book;
  }

  /**
   * What happened since the previous call: one delta per epoch that has something to say, that of the current epoch
   * last and always, with the differences and the gauges of the moment.
   */
  take(epoch: number, gauges: WorkerGauges): TelemetryDelta[] {
    const { fromMs } = this;
    const toMs = wallMs();
    this.fromMs = toMs;
    this.book(epoch);
    const older = [...this.books.values()].filter((book) => book.epoch !== epoch);
    const deltas = older.flatMap((book) => {
      const counts = book.take();
      const silent =
        counts.lanes.length + counts.copies.length === 0 &&
        isEmpty(counts.edge) &&
        isEmpty(counts.ineligible);
      if (silent && book.users === 0) this.books.delete(book.epoch);
      return silent
        ? []
        : [{ ...this.stamp(fromMs, toMs), epoch: book.epoch, ...counts, classes: [], gauges }];
    });
    const current = { ...this.stamp(fromMs, toMs), epoch, ...this.book(epoch).take() };
    return [...deltas, { ...current, ...this.classes.take(), gauges }];
  }

  private stamp(
    fromMs: number,
    toMs: number,
  ): Pick<TelemetryDelta, 'incarnation' | 'sequence' | 'fromMs' | 'toMs'> {
    this.sequence += 1;
    return { incarnation, sequence: this.sequence, fromMs, toMs };
  }
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
