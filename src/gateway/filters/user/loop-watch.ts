import { Worker } from 'node:worker_threads';
import { LIMITS } from '../../../core/limits.ts';
import { LoopMark } from './loop-mark.ts';

/** Works from source and from the build alike. */
const THREAD_URL = new URL(`./loop-watch-thread${import.meta.url.slice(-3)}`, import.meta.url);

/** What the thread starts with. */
export interface LoopWatchStart {
  readonly memory: SharedArrayBuffer;
  /** Who keeps the loop is written here, and removed when it goes on. */
  readonly file: string;
}

/**
 * A thread that notices when a filter of a user keeps the loop of its worker, and says which. It is started with the
 * first such filter. Ending the worker is the supervisor's part.
 */
export class LoopWatch {
  readonly mark = new LoopMark();
  private readonly file: string | null;
  private readonly names: string[] = [];
  private thread: Worker | null = null;
  private timer: NodeJS.Timeout | null = null;

  /** @param file null: nobody reads it, and nothing is watched */
  constructor(file: string | null) {
    this.file = file;
  }

  /** The number of a filter in the mark; 0 beyond `LIMITS.filterNames`. */
  numberOf(filter: string): number {
    const known = this.names.indexOf(filter) + 1;
    if (known > 0 || this.names.length >= LIMITS.filterNames) return known;
    this.names.push(filter);
    if (this.file !== null) this.start(this.file).postMessage(this.names);
    return this.names.length;
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.thread?.terminate();
    this.thread = null;
  }

  private start(file: string): Worker {
    if (this.thread !== null) return this.thread;
    const workerData: LoopWatchStart = { memory: this.mark.memory, file };
    const thread = new Worker(THREAD_URL, { name: 'cutover-watch', workerData, resourceLimits: SMALL });
    // Without it blocked workers are ended later, and nobody is named.
    thread.on('error', () => {});
    thread.unref();
    this.timer = setInterval(() => this.mark.beat(), LIMITS.filterLookMs);
    this.timer.unref();
    this.thread = thread;
    return thread;
  }
}

const SMALL = {
  maxOldGenerationSizeMb: LIMITS.filterWatchHeapMb,
  maxYoungGenerationSizeMb: 1,
};
