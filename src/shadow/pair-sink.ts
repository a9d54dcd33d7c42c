// HOT: one Map entry per pair that is being compared.
import type { Pair, PairResult } from '../core/observation.ts';
import { createDiffQueue } from './diff-queue.ts';
import type { DiffQueue, PairMeta } from './diff-queue.ts';
import type { PairSink } from './mirror.ts';

type Done = (result: PairResult | null) => void;

/** Gives every pair its own callback over the diff queue, which knows pairs by their ids. */
export class DiffSink implements PairSink {
  private readonly queue: DiffQueue;
  /** Callbacks by id, oldest first: a request id that came from a proxy may repeat. */
  private readonly waiting = new Map<string, Done[]>();

  /** @param log told when a diff thread had to be replaced */
  constructor(log: (level: 'warn', message: string) => void) {
    this.queue = createDiffQueue({
      handler: {
        onCompared: (pair, result) => this.end(pair, result),
        onDropped: (pair) => this.end(pair, null),
      },
      onThreadFailed: (why, retryInMs) =>
        log('warn', `diff thread: ${why}; another one starts in ${retryInMs} ms`),
    });
  }

  /** Pairs handed over and not answered. */
  get length(): number {
    return this.queue.length;
  }

  compare(pair: Pair, done: Done): boolean {
    const key = keyOf(pair);
    const waiting = this.waiting.get(key);
    if (waiting === undefined) this.waiting.set(key, [done]);
    else waiting.push(done);
    if (this.queue.push(pair)) return true;
    this.take(key, 'newest');
    return false;
  }

  private end(pair: PairMeta, result: PairResult | null): void {
    this.take(keyOf(pair), 'oldest')?.(result);
  }

  private take(key: string, which: 'oldest' | 'newest'): Done | undefined {
    const waiting = this.waiting.get(key);
    const done = which === 'oldest' ? waiting?.shift() : waiting?.pop();
    if (waiting?.length === 0) this.waiting.delete(key);
    return done;
  }

  close(): Promise<void> {
    return this.queue.close();
  }
}

function keyOf(pair: Pick<Pair, 'requestId' | 'direction'>): string {
  return `${pair.direction} ${pair.requestId}`;
}
