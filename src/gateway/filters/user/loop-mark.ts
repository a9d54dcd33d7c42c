// HOT where a route has a filter of a user: two stores per hook.
import { FILTER_HOOKS } from '../../../core/filter-definition.ts';
import { LIMITS } from '../../../core/limits.ts';

/** One of the hooks. */
export type FilterHook = (typeof FILTER_HOOKS)[number];

const RUNNING = 0;
const CALLS = 1;
const BEAT = 2;
/** And as many more as there are filters. */
const WAITED = 3;
const HOOK_BITS = 2;

/** What a look at the mark finds. */
export interface MarkReading {
  /** The hook that is being run, of the filter with this number; null between hooks. */
  readonly running: { readonly filter: number; readonly hook: FilterHook } | null;
  /** Another number with every hook, and with every turn of a loop that goes on. */
  readonly calls: number;
  readonly beat: number;
  /** Numbers of filters that are waited for: one of them may go on at any time, outside of every hook. */
  readonly waited: readonly number[];
}

/**
 * Says in shared memory which filter of a user is running: while it keeps the loop, only another thread can still read
 * it. Filters have numbers from 1; 0 is nobody.
 */
export class LoopMark {
  readonly memory: SharedArrayBuffer;
  private readonly cells: Int32Array;

  constructor(memory = new SharedArrayBuffer(4 * (WAITED + 1 + LIMITS.filterNames))) {
    this.memory = memory;
    this.cells = new Int32Array(memory);
  }

  enter(filter: number, hook: number): void {
    Atomics.add(this.cells, CALLS, 1);
    Atomics.store(this.cells, RUNNING, (filter << HOOK_BITS) | hook);
  }

  leave(): void {
    Atomics.store(this.cells, RUNNING, 0);
  }

  /** A request begins to wait for a filter (1), or ends to (-1). */
  wait(filter: number, by: 1 | -1): void {
    Atomics.add(this.cells, WAITED + filter, by);
  }

  /** The loop turns. */
  beat(): void {
    Atomics.add(this.cells, BEAT, 1);
  }

  read(): MarkReading {
    const running = Atomics.load(this.cells, RUNNING);
    const filter = running >> HOOK_BITS;
    const hook = FILTER_HOOKS[running & ((1 << HOOK_BITS) - 1)] as FilterHook;
    const waited: number[] = [];
    for (let number = 1; number <= LIMITS.filterNames; number += 1)
      if (Atomics.load(this.cells, WAITED + number) > 0) waited.push(number);
    return {
      running: filter === 0 ? null : { filter, hook },
      calls: Atomics.load(this.cells, CALLS),
      beat: Atomics.load(this.cells, BEAT),
      waited,
    };
  }
}
