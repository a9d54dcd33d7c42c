// HOT: a few additions per call of a filter that a user wrote.
import { Durations } from './durations.ts';
import type { DurationCounts } from './durations.ts';

/** Upper bounds of how long requests wait for a filter, seconds. */
export const FILTER_BOUNDS_S = [0.0001, 0.00025, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10];

/**
 * What came of a call: the request went on, the filter answered it, or the filter threw, was late, or did what no filter
 * may do.
 */
export type FilterOutcome = 'passed' | 'answered' | 'threw' | 'late' | 'invalid';

/** One filter since its worker started. */
export interface FilterTally {
  readonly filter: string;
  readonly outcomes: Readonly<Partial<Record<FilterOutcome, number>>>;
  /** Hooks that kept the worker from everything else for longer than the filter's budget. */
  readonly overruns: number;
  /** How long requests waited for `onRequest`. */
  readonly took: DurationCounts;
}

/** Counts of one filter. */
export class FilterCell {
  overruns = 0;
  readonly took = new Durations(FILTER_BOUNDS_S);
  private readonly outcomes: Partial<Record<FilterOutcome, number>> = {};

  note(outcome: FilterOutcome): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  read(filter: string): FilterTally {
    return { filter, outcomes: { ...this.outcomes }, overruns: this.overruns, took: this.took.plain() };
  }
}

/** Counts of all filters of a worker; those that a newer configuration has under the same name go on. */
export class FilterCounts {
  private readonly cells = new Map<string, FilterCell>();

  cell(filter: string): FilterCell {
    let cell = this.cells.get(filter);
    if (cell === undefined) {
      cell = new FilterCell();
      this.cells.set(filter, cell);
    }
    return cell;
  }

  read(): FilterTally[] {
    return [...this.cells].map(([filter, cell]) => cell.read(filter));
  }
}
