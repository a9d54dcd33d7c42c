import { setTimeout as wait } from 'node:timers/promises';
import { monotonicMs } from '../../core/clock.ts';
import { CutoverError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/**
 * Writes of one connection, in the order they were asked for. While another program holds the database they are
 * tried again between turns of the event loop: SQLite's own wait would stop the supervisor, its admin API and its
 * watch over the workers for as long.
 */
export class Patience {
  private line: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /**
   * Runs `work`, at once if nothing waits.
   * @param work throws `STORE_LOCKED`, with nothing done, while another program writes
   * @throws whatever `work` throws; `STORE_LOCKED` after `LIMITS.storeBusyMs`
   */
  async run<T>(work: () => T): Promise<T> {
    const deadlineMs = monotonicMs() + LIMITS.storeBusyMs;
    if (this.waiting === 0) {
      try {
        return work();
      } catch (thrown) {
        if (!isLocked(thrown)) throw thrown;
      }
    }
    return await this.inLine(work, deadlineMs);
  }

  private async inLine<T>(work: () => T, deadlineMs: number): Promise<T> {
    this.waiting += 1;
    const result = this.line.then(() => insist(work, deadlineMs));
    this.line = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.waiting -= 1;
    }
  }
}

async function insist<T>(work: () => T, deadlineMs: number): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (thrown) {
      if (!isLocked(thrown) || monotonicMs() >= deadlineMs) throw thrown;
      await wait(LIMITS.storeRetryMs);
    }
  }
}

function isLocked(thrown: unknown): boolean {
  return thrown instanceof CutoverError && thrown.code === 'STORE_LOCKED';
}
