import { Worker } from 'node:worker_threads';
import { bench, summary } from 'mitata';
import { LIMITS } from '../../src/core/limits.ts';
import { packBatch, SlabNumbers } from '../../src/shadow/pack.ts';
import { pair } from './samples.ts';

/** Answers every message that asks for it; what it gets is thrown away. */
const THREAD = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (message) => { if (message.last) parentPort.postMessage(0); });
`;

/** A batch of pairs to another thread, until it has them all. @returns what ends the thread */
export function handOver(): () => Promise<unknown> {
  const worker = new Worker(THREAD, { eval: true });
  const pairs = Array.from({ length: LIMITS.diffBatchPairs }, (_, number) => pair(number));
  const arrived = () => new Promise<void>((resolve) => worker.once('message', () => resolve()));
  summary(() => {
    bench(`${pairs.length} pairs to a thread: packed, one transfer`, async () => {
      const batch = packBatch(1, 0, pairs, new SlabNumbers());
      worker.postMessage({ ...batch, last: true }, [batch.bodies]);
      await arrived();
    }).baseline(true);
    bench(`${pairs.length} pairs to a thread: one message each`, async () => {
      for (const [index, one] of pairs.entries())
        worker.postMessage({ pair: one, last: index === pairs.length - 1 });
      await arrived();
    });
  });
  return () => worker.terminate();
}
