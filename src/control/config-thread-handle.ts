import { Worker } from 'node:worker_threads';
import { LIMITS } from '../core/limits.ts';

/** Works from source and from the build alike: the thread has the extension this file has. */
const THREAD_URL = new URL(`./config-thread${import.meta.url.slice(-3)}`, import.meta.url);

type Answer<T> = (answer: T | null) => void;

/**
 * The thread that reads large configurations. It is kept for the next one: it knows the values that it read last, and its code
 * is compiled by then. It holds no process, and ends when nobody has asked it for a while.
 */
export class ConfigThread<Result> {
  private worker: Worker | null = null;
  private waiting: Answer<Result>[] = [];
  private idle: NodeJS.Timeout | null = null;

  /** Null when the thread failed: then its work is to be done here. Answers come in the order of the questions. */
  async read(question: unknown): Promise<Result | null> {
    if (this.idle !== null) clearTimeout(this.idle);
    this.worker ??= this.start();
    this.worker.ref();
    this.worker.postMessage(question);
    return await new Promise<Result | null>((resolve) => this.waiting.push(resolve));
  }

  private start(): Worker {
    const resourceLimits = { maxYoungGenerationSizeMb: LIMITS.configThreadYoungMb };
    const worker = new Worker(THREAD_URL, { name: 'cutover-config', resourceLimits });
    const over = () => this.over(worker);
    worker.on('message', (answer: Result) => this.answered(worker, answer));
    worker.once('messageerror', over).once('error', over).once('exit', over);
    return worker;
  }

  private answered(worker: Worker, answer: Result): void {
    this.waiting.shift()?.(answer);
    if (this.waiting.length > 0) return;
    worker.unref();
    this.idle = setTimeout(() => this.over(worker), LIMITS.configThreadIdleMs).unref();
  }

  /** Nothing comes from it any more. */
  private over(worker: Worker): void {
    if (this.worker !== worker) return;
    this.worker = null;
    void worker.terminate();
    for (const answer of this.waiting.splice(0)) answer(null);
  }
}
