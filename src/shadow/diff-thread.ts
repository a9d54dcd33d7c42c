import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { monotonicUs, wallMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import { comparePair } from '../diff/compare.ts';
import type { RuleBook } from '../diff/rules.ts';
import { type DiffAnswer, type DiffBatch, type DiffRules, type UnequalPair, Unpacker } from './pack.ts';
import { RuleShelf } from './rule-shelf.ts';

/**
 * The entry of the diff thread: rules and batches in, answers out, in order. Between two batches it holds nothing but
 * the rules; a pair whose comparison throws is named in the answer and does not take the others with it.
 */
function compareBatch(message: DiffBatch, rules: RuleBook | null): DiffAnswer {
  const unequal: UnequalPair[] = [];
  const failed: number[] = [];
  for (const [index, pair] of unpacker.unpack(message).entries()) {
    pause();
    try {
      const result = comparePair(pair, rules);
      if (result.found > 0 || result.ignored.length > 0 || result.undecided === true)
        unequal.push({ index, result });
    } catch {
      failed.push(index);
    }
  }
  return { batch: message.batch, unequal: unequal.length === 0 ? '' : JSON.stringify(unequal), failed };
}

/**
 * Lets go of the core for a moment after every turn. A scheduler lets a thread that runs end its slice (Linux: 1.4 ms on
 * two cores), however nice it is and whoever woke up; one that sleeps has none.
 */
function pause(): void {
  if (monotonicUs() - pausedUs < LIMITS.diffTurnUs) return;
  Atomics.wait(never, 0, 0, LIMITS.diffPauseUs / 1_000);
  pausedUs = monotonicUs();
}

/**
 * Steps back behind the thread that serves clients: on Linux a priority belongs to a thread, elsewhere to the process
 * (setpriority(2), "C library/kernel differences"). A sandbox that forbids it is no reason not to compare.
 */
function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(19, getPriority(0) + LIMITS.diffNice));
  } catch {
    return;
  }
}

giveWay();

const shelf = new RuleShelf();
const unpacker = new Unpacker();
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let pausedUs = monotonicUs();
/** Rules may take a moment to be made ready: what comes meanwhile waits, in its order. */
let turn: Promise<void> = Promise.resolve();

async function handle(message: DiffBatch | DiffRules): Promise<void> {
  if ('list' in message) shelf.put(message);
  else parentPort?.postMessage(compareBatch(message, await shelf.take(message.rules, wallMs())), []);
}

parentPort?.on('message', (message: DiffBatch | DiffRules) => {
  turn = turn.then(() => handle(message));
});
