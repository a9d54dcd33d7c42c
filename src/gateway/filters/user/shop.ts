import { monotonicMs } from '../../../core/clock.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { LoadedFilter } from '../../../core/filter-options.ts';
import type { ModuleFilterConfig, RateLimitFilterConfig } from '../../../core/filter-config.ts';
import type { FilterCell, FilterCounts } from '../../../telemetry/filter-counts.ts';
import { RateLimiter } from '../rate-limiter.ts';
import { LoopWatch } from './loop-watch.ts';

/** Where the gateway finds the filters that users wrote: loaded before a snapshot with them is applied. */
export interface FilterDefinitions {
  /** Null: not loaded. */
  loaded(config: ModuleFilterConfig): LoadedFilter | null;
}

/** What filters of users need that outlives a configuration: where they are counted, and where they complain. */
export class FilterShop {
  readonly watch: LoopWatch;
  private readonly definitions: FilterDefinitions | null;
  private readonly counts: FilterCounts;
  private readonly write: (level: 'warn', message: string) => void;
  private readonly limiters = new Map<string, RateLimiter>();
  private readonly said = new Map<string, { sinceMs: number; lines: number }>();

  /** @param reportFile where it is said which of them keeps the loop; null: nowhere */
  constructor(
    definitions: FilterDefinitions | null,
    counts: FilterCounts,
    log: (level: 'warn', message: string) => void,
    reportFile: string | null,
  ) {
    this.watch = new LoopWatch(reportFile);
    this.definitions = definitions;
    this.counts = counts;
    this.write = log;
  }

  /** @throws when it was not loaded, which refuses the snapshot */
  loaded(config: ModuleFilterConfig): LoadedFilter {
    const found = this.definitions?.loaded(config) ?? null;
    if (found === null) throw new Error(`the filter ${config.name} is not loaded`);
    return found;
  }

  cell(filter: string): FilterCell {
    return this.counts.cell(filter);
  }

  /** The limiter of a filter: a configuration that says the same goes on where the one before was. */
  limiter(config: RateLimitFilterConfig): RateLimiter {
    const { name, perSecond, burst } = config;
    const known = this.limiters.get(name);
    if (known?.perSecond === perSecond && known.burst === burst) return known;
    const limiter = new RateLimiter(perSecond, burst);
    this.limiters.set(name, limiter);
    return limiter;
  }

  /** Logs a failure, a few of a filter in a second. */
  complain(filter: string, message: string): void {
    const nowMs = monotonicMs();
    let said = this.said.get(filter);
    if (said === undefined || nowMs - said.sinceMs > LIMITS.filterLogMs) said = { sinceMs: nowMs, lines: 0 };
    this.said.set(filter, said);
    said.lines += 1;
    if (said.lines <= LIMITS.filterLogLines) this.write('warn', `filter ${filter} ${message.slice(0, 500)}`);
  }
}
