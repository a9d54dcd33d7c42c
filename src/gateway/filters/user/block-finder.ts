import { LIMITS } from '../../../core/limits.ts';
import type { FilterHook, MarkReading } from './loop-mark.ts';

/** Who keeps the loop of a worker, by number. */
export interface Block {
  readonly filters: readonly number[];
  /** The hook that does not return; null: the loop stands outside of every hook while these filters are waited for. */
  readonly hook: FilterHook | null;
}

/** Finds a loop that stands. It counts looks and not time: a process that was stopped as a whole blames nobody. */
export class BlockFinder {
  private before: MarkReading | null = null;
  private looks = 0;

  /** @param now the mark, every `LIMITS.filterLookMs` */
  look(now: MarkReading): Block | null {
    const { before } = this;
    this.before = now;
    const stands = before !== null && before.calls === now.calls && before.beat === now.beat;
    const same = stands && before.running?.filter === now.running?.filter;
    this.looks = same ? this.looks + 1 : 0;
    if (this.looks * LIMITS.filterLookMs < LIMITS.filterBlockMs) return null;
    if (now.running !== null) return { filters: [now.running.filter], hook: now.running.hook };
    return now.waited.length > 0 ? { filters: now.waited, hook: null } : null;
  }
}
