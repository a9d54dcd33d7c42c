import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CutoverError, messageOf } from '../core/errors.ts';
import type { ActiveFault } from './fault-effects.ts';
import type { FromUpstream, ToUpstream } from './upstream-messages.ts';
import type { Served, UpstreamOptions } from './upstream-server.ts';

/** Works from source and from the build alike: the thread has the extension this file has. */
const THREAD_URL = new URL(`./upstream-thread${import.meta.url.slice(-3)}`, import.meta.url);

/** An embedded upstream in a thread of its own, so that clients and servers do not wait for each other. */
export interface EmbeddedUpstream {
  start(fault: ActiveFault): void;
  end(number: number): void;
  served(): Promise<Served>;
  stop(): Promise<void>;
}

/** Starts one and waits until it listens. @throws CutoverError UPSTREAM when it cannot */
export async function startUpstream(name: string, options: UpstreamOptions): Promise<EmbeddedUpstream> {
  const worker = new Worker(THREAD_URL, { name: `cutover-upstream-${name}`, workerData: options });
  const tell = (message: ToUpstream): void => worker.postMessage(message);
  try {
    await next(worker, 'listening');
  } catch (error) {
    await worker.terminate();
    throw new CutoverError('UPSTREAM', `the upstream ${name} does not start: ${messageOf(error)}`, {
      hint: 'run it again',
      cause: error,
    });
  }
  // A thread that dies later shows as a server that is down; without a listener it would end the process.
  worker.on('error', () => {});
  return {
    start: (fault) => tell({ type: 'start', fault }),
    end: (number) => tell({ type: 'end', number }),
    async served() {
      tell({ type: 'count' });
      return (await next(worker, 'served')).served;
    },
    async stop() {
      await worker.terminate();
    },
  };
}

type Told<T extends FromUpstream['type']> = Extract<FromUpstream, { type: T }>;

/** The next message of a type. @throws when the thread ends before */
async function next<T extends FromUpstream['type']>(worker: Worker, type: T): Promise<Told<T>> {
  const ended = once(worker, 'exit').then(() => {
    throw new Error('its thread ended');
  });
  for (;;) {
    const [message] = (await Promise.race([once(worker, 'message'), ended])) as [FromUpstream];
    if (message.type === type) return message as Told<T>;
  }
}
