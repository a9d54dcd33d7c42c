import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { DiffAnswer, DiffBatch, DiffRules } from './pack.ts';

/** Works from source and from the build alike: the thread has the extension this file has. */
const THREAD_URL = new URL(`./diff-thread${import.meta.url.slice(-3)}`, import.meta.url);

/** Hears from one diff thread; after `onGone` nothing more comes. */
export interface DiffWorkerEvents {
  onAnswer(answer: DiffAnswer): void;
  /** The thread ended, was ended, or could not be started; called once. */
  onGone(why: string): void;
}

/** One running diff thread. */
export interface DiffWorker {
  send(batch: DiffBatch): void;
  /** Hands over the rules of the batches that follow. */
  sendRules(rules: DiffRules): void;
  /** Ends the thread, whatever it is doing. Resolves when it has ended. */
  end(): Promise<void>;
}

/**
 * Starts a diff thread that keeps no process alive and dies by itself, not with the process, when its heap is full.
 * @param url another thread, for tests
 */
export function startDiffWorker(events: DiffWorkerEvents, url: URL = THREAD_URL): DiffWorker {
  const worker = new Worker(url, {
    name: 'cutover-diff',
    resourceLimits: {
      maxOldGenerationSizeMb: LIMITS.diffHeapMb,
      maxYoungGenerationSizeMb: LIMITS.diffYoungMb,
    },
  });
  worker.unref();
  let why = 'the diff thread ended';
  let gone = false;
  const failed = (thrown: unknown): void => {
    why = messageOf(thrown);
  };
  worker.on('message', (answer: DiffAnswer) => {
    if (!gone) events.onAnswer(answer);
  });
  worker.on('error', failed);
  worker.on('messageerror', (thrown) => {
    failed(thrown);
    void worker.terminate();
  });
  worker.once('exit', () => {
    gone = true;
    events.onGone(why);
  });
  return {
    send: (batch) => worker.postMessage(batch, batch.bodies.byteLength === 0 ? [] : [batch.bodies]),
    sendRules: (rules) => worker.postMessage(rules, []),
    async end() {
      await worker.terminate();
    },
  };
}
