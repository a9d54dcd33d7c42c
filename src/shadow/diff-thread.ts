import { parentPort } from 'node:worker_threads';
import { comparePair } from '../diff/compare.ts';
import { type DiffAnswer, type DiffBatch, unpackBatch } from './pack.ts';

/**
 * The entry of the diff thread: batches in, answers out, in order. It holds nothing between two batches; a pair
 * whose comparison throws is named in the answer and does not take the others with it.
 */
function compareBatch(message: DiffBatch): DiffAnswer {
  const unequal: { index: number; result: ReturnType<typeof comparePair> }[] = [];
  const failed: number[] = [];
  for (const [index, pair] of unpackBatch(message).entries()) {
    try {
      const result = comparePair(pair);
      if (result.found > 0) unequal.push({ index, result });
    } catch {
      failed.push(index);
    }
  }
  return { batch: message.batch, unequal, failed };
}

parentPort?.on('message', (message: DiffBatch) => {
  parentPort?.postMessage(compareBatch(message), []);
});
