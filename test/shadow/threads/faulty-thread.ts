import { parentPort } from 'node:worker_threads';
import { type DiffBatch, Unpacker } from '../../../src/shadow/pack.ts';

const unpacker = new Unpacker();

/** A diff thread that obeys request ids: `throw`, `exit`, `hang`, `failed`, `oom`; all others are equal. */
parentPort?.on('message', (message: DiffBatch) => {
  const ids = unpacker.unpack(message).map(({ requestId }) => requestId);
  if (ids.includes('throw')) throw new Error('thrown in the thread');
  if (ids.includes('exit')) process.exit(3);
  if (ids.includes('oom')) fillHeap();
  if (ids.includes('hang')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  const failed = ids.flatMap((id, index) => (id === 'failed' ? [index] : []));
  parentPort?.postMessage({ batch: message.batch, unequal: '', failed }, []);
});

function fillHeap(): void {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => index + 0.5));
}
