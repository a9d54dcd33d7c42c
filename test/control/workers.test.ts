import { afterEach, beforeEach, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { LIMITS } from '../../src/core/limits.ts';
import { restartDelayMs } from '../../src/control/backoff.ts';
import { isSameProcess, processStart } from '../../src/control/process-identity.ts';
import { listWorkers } from '../../src/control/run-dir.ts';
import type { WorkerSet } from '../../src/control/worker-set.ts';
import { until } from '../kit/until.ts';
import { ask, newRunDir, someSnapshot, stubWorkers } from './kit/workers.ts';

let runDir = '';
let remove = (): void => {};
let running: WorkerSet[] = [];

beforeEach(async () => {
  ({ runDir, remove } = await newRunDir());
});

afterEach(async () => {
  await Promise.all(running.map((set) => set.kill()));
  running = [];
  remove();
});

function workers(options: Parameters<typeof stubWorkers>[1] = {}): ReturnType<typeof stubWorkers> {
  const started = stubWorkers(runDir, options);
  running.push(started.set);
  return started;
}

test('gives every worker the port that the first one picked', async () => {
  const { set, witness } = workers({ workers: 3 });
  const [port = 0] = await set.start();
  await until(() => witness.ups.length === 3, 'three workers');
  const listed = await until(async () => {
    const records = await listWorkers(runDir);
    return records.every(({ ports }) => ports[0] === port) ? records : null;
  });
  expect(new Set(listed.map(({ pid }) => pid))).toEqual(new Set(set.alive.map(({ pid }) => pid)));
  expect((await ask(port)).revision).toBe(1);
});

test('starts a killed worker again on the same port, and takes the dead one off the list', async () => {
  const { set, witness } = workers({ workers: 1 });
  const [port = 0] = await set.start();
  const [first = 0] = witness.ups;
  process.kill(first, 'SIGKILL');
  await until(() => witness.ups.length === 2, 'a second worker');
  expect(witness.downs[0]).toMatchObject({ pid: first, how: 'signal SIGKILL' });
  expect(witness.downs[0]?.retryInMs).toBeGreaterThanOrEqual(LIMITS.restartMinMs);
  expect((await ask(port)).pid).toBe(witness.ups[1]);
  expect((await listWorkers(runDir)).map(({ pid }) => pid)).toEqual([witness.ups[1]]);
});

test('waits longer after each death in a row, within the limits, and never in step', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, draw) => {
        const delayMs = restartDelayMs(failures, { next: () => draw });
        expect(delayMs).toBeGreaterThanOrEqual(LIMITS.restartMinMs);
        expect(delayMs).toBeLessThanOrEqual(LIMITS.restartMaxMs);
        expect(restartDelayMs(failures + 1, { next: () => draw })).toBeGreaterThanOrEqual(delayMs);
      },
    ),
  );
  expect(restartDelayMs(4, { next: () => 0 })).not.toBe(restartDelayMs(4, { next: () => 0.9 }));
});

test('ends the start with the system error when the port cannot be opened', async () => {
  const holder = workers({ workers: 1, reusePort: false });
  const [port = 0] = await holder.set.start();
  const { set } = workers({ ports: [port], reusePort: false });
  await expect(set.start()).rejects.toMatchObject({ code: 'PORT_TAKEN', exitCode: 1 });
  expect(set.alive).toEqual([]);
});

test('ends the start when the first worker dies without a word, instead of trying for ever', async () => {
  const { set, witness } = workers({ snapshot: () => someSnapshot(1, 'dies at start') });
  await expect(set.start()).rejects.toMatchObject({ code: 'WORKER_START' });
  expect(witness.downs).toHaveLength(1);
});

test('starts a worker again that threw out of a callback', async () => {
  const { set, witness } = workers({ workers: 1 });
  const [port = 0] = await set.start();
  await ask(port, '/throw').catch(() => null);
  await until(() => witness.ups.length === 2, 'a second worker');
  expect(witness.downs[0]?.how).toBe('exit code 1');
});

test('kills a worker that is blocked, and starts another', async () => {
  const { set, witness } = workers({ workers: 1, silenceMs: 1_000 });
  const [port = 0] = await set.start();
  await ask(port, '/block').catch(() => null);
  await until(() => witness.ups.length === 2, 'a second worker');
  expect(witness.downs[0]?.how).toContain('blocked');
});

test('replaces a worker that holds too much memory, the successor first', async () => {
  const { set, witness, log } = workers({ workers: 1 });
  const [port = 0] = await set.start();
  await ask(port, '/grow');
  await until(() => witness.downs.length === 1, 'the end of the first');
  expect(witness.ups).toHaveLength(2);
  expect(witness.downs[0]).toMatchObject({
    pid: witness.ups[0],
    how: 'drained, 0 exchanges cut',
    retryInMs: -1,
  });
  expect(log.join()).toContain('it is replaced');
});

test('a worker that dies again and again waits longer each time, and the other one serves meanwhile', async () => {
  const { set, witness } = workers({ workers: 2 });
  const [port = 0] = await set.start();
  await until(() => witness.ups.length === 2, 'both workers');
  const [steady] = witness.ups;
  for (let death = 1; death <= 4; death += 1) {
    const [, second] = set.places;
    await until(() => second?.current?.state === 'serving', 'the worker to come back');
    process.kill(second?.current?.pid ?? 0, 'SIGKILL');
    await until(() => witness.downs.length === death, 'its end');
    expect((await ask(port)).pid).toBe(steady);
  }
  const shortest = witness.downs.map(({ retryInMs }, index) => retryInMs >= LIMITS.restartMinMs * 2 ** index);
  expect(shortest).toEqual([true, true, true, true]);
});

test('replaces one worker at a time, however many hold too much memory', async () => {
  const { set, witness } = workers({ workers: 2 });
  const [port = 0] = await set.start();
  await until(() => witness.ups.length === 2, 'both workers');
  const grown = new Set<number>();
  let most = 0;
  await until(async () => {
    most = Math.max(most, set.alive.length);
    if (grown.size < 2) grown.add((await ask(port, '/grow')).pid);
    return witness.downs.length === 2;
  }, 'both to be replaced');
  expect(most).toBe(3);
  expect(new Set(witness.downs.map(({ pid }) => pid))).toEqual(new Set(witness.ups.slice(0, 2)));
});

test('tells once of a worker whose event loop stays late, and leaves it alone', async () => {
  const slow: number[] = [];
  const { set, witness } = workers({ workers: 1 });
  set.onSlow = (_, loopDelayMs) => void slow.push(loopDelayMs);
  const [port = 0] = await set.start();
  await ask(port, '/late');
  await until(() => slow.length > 0, 'the slow worker to be told', 20_000);
  const [place] = set.places;
  const ticks = place?.current?.gauges;
  await until(() => place?.current?.gauges !== ticks, 'another report');
  expect([slow, witness.downs]).toEqual([[500], []]);
});

test('lets a running exchange finish when it drains, and leaves no worker', async () => {
  const { set } = workers({ workers: 1, snapshot: () => someSnapshot() });
  const [port = 0] = await set.start();
  const slow = ask(port, '/slow');
  await until(async () => (await ask(port)).pid > 0);
  await set.drain(5_000);
  expect((await slow).revision).toBe(1);
  expect(set.alive).toEqual([]);
  expect(await listWorkers(runDir)).toEqual([]);
});

test('ends a worker that does not finish by the deadline', async () => {
  const { set, witness } = workers({ workers: 1 });
  const [port = 0] = await set.start();
  const hanging = ask(port, '/hang').catch((error: unknown) => error);
  await until(async () => (await ask(port)).pid > 0);
  await set.drain(200);
  expect(witness.downs[0]?.how).toBe('drained, 1 exchanges cut');
  expect(await hanging).toBeInstanceOf(Error);
});

test('names a process by its number and its start, and knows the remains of one that ended', () => {
  const started = processStart(process.pid);
  expect(started).toMatch(/\/\d+$/);
  expect(isSameProcess(process.pid, started ?? '')).toBe(true);
  expect(isSameProcess(process.pid, `${started}1`)).toBe(false);
  expect(processStart(2 ** 22 + 1)).toBeNull();
});
