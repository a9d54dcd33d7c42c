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
  /** What the last try was told. */
  private refusal: unknown = null;

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
    const result = this.line.then(() => this.insist(work, deadlineMs));
    this.line = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.waiting -= 1;
    }
  }

  /** Who is late when its turn comes is not tried any more: each try blocks, and many may be in line. */
  private async insist<T>(work: () => T, deadlineMs: number): Promise<T> {
    for (;;) {
      if (monotonicMs() >= deadlineMs && this.refusal !== null) throw this.refusal;
      try {
        const result = work();
        this.refusal = null;
        return result;
      } catch (thrown) {
        if (!isLocked(thrown)) throw thrown;
        this.refusal = thrown;
        await wait(LIMITS.storeRetryMs);
      }
    }
  }
}

function isLocked(thrown: unknown): boolean {
  return thrown instanceof CutoverError && thrown.code === 'STORE_LOCKED';
}
