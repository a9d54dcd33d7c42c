import type { Pair, PairResult } from '../core/observation.ts';
import { DiffSink } from '../shadow/pair-sink.ts';

/**
 * The diff thread behind a replay. A gateway drops what it cannot compare in time; a replay has all the time there is,
 * and waits for room.
 */
export class PairComparer {
  private readonly sink: DiffSink;
  private waiting: (() => void)[] = [];
  private comparing = 0;

  /** @param log told when a diff thread had to be replaced */
  constructor(log: (message: string) => void) {
    this.sink = new DiffSink((_level, message) => log(message));
  }

  /**
   * Resolves when the pair was taken over: the thread compares in batches, and nobody should wait for one.
   * @param done called once, with null when the pair was lost: it ended its thread, or no queue would take it
   */
  async submit(pair: Pair, done: (result: PairResult | null) => void): Promise<void> {
    this.comparing += 1;
    const end = (result: PairResult | null): void => {
      this.comparing -= 1;
      done(result);
      this.wake();
    };
    while (!this.sink.compare(pair, end)) {
      if (this.sink.length === 0) return end(null);
      await this.nextEnd();
    }
  }

  /** Resolves when every pair has its end. */
  async settled(): Promise<void> {
    while (this.comparing > 0) await this.nextEnd();
  }

  async close(): Promise<void> {
    await this.sink.close();
    this.wake();
  }

  private nextEnd(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const each of waiting) each();
  }
}
