import { rmSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { LIMITS } from '../../../core/limits.ts';
import { BlockFinder } from './block-finder.ts';
import { LoopMark } from './loop-mark.ts';
import type { LoopWatchStart } from './loop-watch.ts';

// The entry of the thread that watches the loop of its worker.
const { memory, file } = workerData as LoopWatchStart;
const mark = new LoopMark(memory);
const finder = new BlockFinder();
let names: readonly string[] = [];
let isWritten = false;

parentPort?.on('message', (message: readonly string[]) => {
  names = message;
});
parentPort?.unref();
setInterval(look, LIMITS.filterLookMs);

function look(): void {
  const block = finder.look(mark.read());
  if ((block !== null) === isWritten) return;
  isWritten = block !== null;
  const filters = block?.filters.flatMap((number) => names[number - 1] ?? []);
  try {
    if (block === null) rmSync(file, { force: true });
    else writeFileSync(file, JSON.stringify({ filters, hook: block.hook }), { mode: 0o600 });
  } catch {
    // A full disk: the worker is ended later, and nobody is named.
  }
}
