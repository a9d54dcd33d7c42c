import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StampedEvent } from '../../src/core/events.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { EventFeed } from '../../src/control/event-feed.ts';
import { EventLog } from '../../src/control/event-log.ts';
import { readKillSwitch, throwKillSwitch } from '../../src/control/kill-switch.ts';
import { lockRunDir } from '../../src/control/lock.ts';
import { drainOrphans, findOrphans, portsAfter } from '../../src/control/orphans.ts';
import { processStart } from '../../src/control/process-identity.ts';
import { Publisher } from '../../src/control/publisher.ts';
import { runPaths, writeWorkerRecord } from '../../src/control/run-dir.ts';
import { StoreBacklog } from '../../src/control/store-backlog.ts';
import { TailThresholds } from '../../src/control/tail-thresholds.ts';
import type { TelemetryStore } from '../../src/rollout/ports.ts';
import { encodeHistogram, newHistogram, recordUs } from '../../src/telemetry/histogram.ts';
import type { Window } from '../../src/telemetry/types.ts';
import { until } from '../kit/until.ts';
import { newRunDir, someConfig, someSnapshot, someView, stubWorkers } from './kit/workers.ts';

let runDir = '';
let remove = (): void => {};

beforeEach(async () => {
  ({ runDir, remove } = await newRunDir());
});

afterEach(() => remove());

function recordOf(pid: number, started: string, ports: number[] = [8080]): void {
  writeWorkerRecord(runDir, { pid, started, incarnation: 'x', supervisorPid: 1, ports });
}

test('never touches a process that merely has the number of an orphan', async () => {
  const stranger = spawn('sleep', ['30'], { stdio: 'ignore' });
  const pid = stranger.pid ?? 0;
  try {
    recordOf(pid, `${processStart(pid)}0`);
    expect(await throwKillSwitch(runDir, { who: 'test', reason: '' })).toBe(0);
    const record = { pid, started: `${processStart(pid)}0`, incarnation: 'x', supervisorPid: 1, ports: [] };
    await drainOrphans([record], { runDir, deadlineMs: 0, onDrained: () => {}, now: AbortSignal.abort() });
    expect(await findOrphans(runDir)).toEqual([]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    expect(processStart(pid)).not.toBeNull();
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('kills an orphan that does not end by the deadline', async () => {
  const stubborn = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 0.1; done'], { stdio: 'ignore' });
  const pid = stubborn.pid ?? 0;
  recordOf(pid, processStart(pid) ?? '');
  const orphans = await findOrphans(runDir);
  expect(orphans.map((orphan) => orphan.pid)).toEqual([pid]);
  const drained: number[] = [];
  const deadlineMs = -LIMITS.drainGraceMs;
  await drainOrphans(orphans, {
    runDir,
    deadlineMs,
    onDrained: (gone) => void drained.push(gone),
    now: new AbortController().signal,
  });
  expect(drained).toEqual([pid]);
  await until(() => stubborn.signalCode === 'SIGKILL');
});

test('ignores records that are damaged, empty or address a process group', async () => {
  const directory = runPaths(runDir).workers;
  writeFileSync(join(directory, '1.json'), '{"pid":-1,"started":"x"}');
  writeFileSync(join(directory, '2.json'), '');
  writeFileSync(join(directory, '3.json'), '[null]');
  expect(await findOrphans(runDir)).toEqual([]);
});

test('starts on the port of the orphans where the configuration leaves it open', () => {
  const orphan = (ports: number[]) => [{ pid: 5, started: '', incarnation: '', supervisorPid: 1, ports }];
  const listener = (port: number) => ({ host: '127.0.0.1', port, region: null });
  expect(portsAfter(orphan([4000]), [listener(0)])).toEqual([4000]);
  expect(portsAfter(orphan([4000, 5000]), [listener(4000), listener(0)])).toEqual([4000, 5000]);
  expect(portsAfter(orphan([4000]), [listener(8080)])).toEqual([8080]);
  expect(portsAfter(orphan([4000]), [listener(0), listener(0)])).toEqual([0, 0]);
  expect(portsAfter([], [listener(0)])).toEqual([0]);
});

test('lets one lock holder in, and the next one when it is released', () => {
  const paths = runPaths(runDir);
  const lock = lockRunDir(paths);
  expect(() => lockRunDir(paths)).toThrow('another supervisor');
  lock.release();
  lockRunDir(paths).release();
});

test('takes a kill switch that was made by hand for one', async () => {
  expect(await readKillSwitch(runDir)).toBeNull();
  writeFileSync(runPaths(runDir).bypass, '');
  expect((await readKillSwitch(runDir))?.who).toBe('unknown');
  await throwKillSwitch(runDir, { who: 'a', reason: 'x'.repeat(10_000) });
  expect((await readKillSwitch(runDir))?.reason).toHaveLength(LIMITS.reasonChars);
});

test('says which worker did not acknowledge a snapshot in time, and that it is not in effect', async () => {
  const late: { revision: number; missing: readonly number[] }[] = [];
  const effective: number[] = [];
  const publisher: Publisher = new Publisher({
    send: (snapshot) => set.publish(snapshot),
    workers: () => set.alive,
    onInEffect: (revision) => void effective.push(revision),
    onLate: (revision, missing) => void late.push({ revision, missing }),
    onStuck: () => {},
    timeoutMs: 200,
  });
  const { set, witness } = stubWorkers(runDir, {
    snapshot: () => publisher.current,
    listener: {
      onUp: () => {},
      onDown: () => publisher.check(),
      onAcknowledged: () => publisher.check(),
      onDelta: () => {},
    },
    workers: 1,
  });
  try {
    publisher.publish(someConfig(), someView());
    await set.start();
    expect(await publisher.settled()).toBe(true);
    publisher.publish(someConfig('cannot be applied'), someView());
    await until(() => late.length > 0, 'the event');
    expect(late).toEqual([{ revision: 2, missing: set.alive.map(({ pid }) => pid) }]);
    expect(publisher.inEffect).toBe(false);
    publisher.publish(someConfig('b'), someView());
    expect(await publisher.settled()).toBe(true);
    expect(effective).toEqual([1, 3]);
    expect(witness.downs).toEqual([]);
  } finally {
    publisher.stop();
    await set.kill();
  }
});

test('counts a snapshot as in effect only when every worker that serves has acknowledged it', () => {
  const worker = (pid: number, state: 'starting' | 'serving', startRevision: number) => ({
    pid,
    state,
    startRevision,
    sentRevision: startRevision,
    acknowledgedRevision: 0,
  });
  const [first, second, fresh] = [worker(1, 'serving', 1), worker(2, 'serving', 1), worker(3, 'starting', 1)];
  const workers = [first, second, fresh, worker(4, 'starting', 0)];
  const effective: number[] = [];
  const publisher = new Publisher({
    send: () => {},
    workers: () => workers,
    onInEffect: (_, acknowledgedBy) => void effective.push(acknowledgedBy),
    onLate: () => {},
    onStuck: () => {},
  });
  publisher.publish(someSnapshot().config, someView());
  first.acknowledgedRevision = 1;
  publisher.check();
  expect(effective).toEqual([]);
  workers.splice(1, 1);
  publisher.check();
  publisher.check();
  expect(effective).toEqual([1]);

  publisher.publish(someSnapshot().config, someView());
  first.acknowledgedRevision = 2;
  publisher.check();
  expect(effective).toEqual([1]);
  fresh.acknowledgedRevision = 2;
  publisher.check();
  expect(effective).toEqual([1, 2]);
  publisher.stop();
});

test('keeps what a failing store did not take, says so once, and stores it later', async () => {
  const changes: boolean[] = [];
  const stored: string[] = [];
  let broken = true;
  const backlog = new StoreBacklog({
    limits: { window: 2 },
    onChange: (ok) => void changes.push(ok),
    log: () => {},
  });
  const put = (name: string) => async () => {
    if (broken) throw new Error('disk full');
    stored.push(name);
  };
  for (const name of ['a', 'b', 'c']) backlog.add('window', put(name));
  await backlog.retry();
  await backlog.retry();
  expect(backlog.trouble).toBe('disk full');
  broken = false;
  await backlog.retry();
  expect(changes).toEqual([false, true]);
  expect(stored.toSorted()).toEqual(['b', 'c']);
  expect(backlog.lost).toBe(1);
});

test('gives up a record that the store refuses while it takes others', async () => {
  const lines: string[] = [];
  const backlog = new StoreBacklog({
    limits: { window: 9 },
    onChange: () => {},
    log: (line) => void lines.push(line),
  });
  backlog.add('window', () => Promise.reject(new Error('refused')));
  for (let count = 0; count < 6; count += 1) {
    backlog.add('window', () => Promise.resolve());
    await backlog.retry();
  }
  expect(backlog.length).toBe(0);
  expect(lines).toEqual(['a window was given up: refused']);
});

test('keeps what waited through an outage of the whole store, however often it was tried', async () => {
  let isDown = true;
  const stored: string[] = [];
  const backlog = new StoreBacklog({ limits: { window: 9 }, onChange: () => {}, log: () => {} });
  const window = (name: string, fails = 0) => {
    let left = fails;
    backlog.add('window', async () => {
      if (isDown) throw new Error('down');
      if ((left -= 1) >= 0) throw new Error('its answer was lost');
      stored.push(name);
    });
  };
  window('a');
  window('b', 1);
  for (let count = 0; count < 10; count += 1) await backlog.retry();
  isDown = false;
  for (let count = 0; count < 4; count += 1) await backlog.retry();
  expect([stored, backlog.lost]).toEqual([['a', 'b'], 0]);
});

test('hands a subscriber every event once and in order: stored, remembered and new ones', async () => {
  const stored: StampedEvent[] = [];
  const store = {
    readEvents: async (after: number, limit: number) =>
      stored.filter(({ sequence }) => sequence > after).slice(0, limit),
  } as unknown as TelemetryStore;
  const log = new EventLog(0, (event) => {
    if (event.sequence <= 3) stored.push(event);
  });
  const tell = (): void => log.append({ type: 'worker_up', pid: 1, slot: 0 });
  for (let count = 0; count < 5; count += 1) tell();
  const seen: number[] = [];
  const feed = new EventFeed(log, store, ({ sequence }) => void seen.push(sequence));
  feed.start(1);
  tell();
  await until(() => seen.length === 5);
  tell();
  feed.stop();
  tell();
  expect(seen).toEqual([2, 3, 4, 5, 6, 7]);
});

test('sets no tail threshold before a thousand answers of legacy, and publishes only what moved', () => {
  const windowOf = (count: number, us: number, lane: 'legacy' | 'candidate' = 'legacy'): Window => {
    const histogram = newHistogram();
    for (let index = 0; index < count; index += 1) recordUs(histogram, us);
    const counts = { route: 'r', lane, requests: count, latency: encodeHistogram(histogram) };
    return { lanes: [counts] } as unknown as Window;
  };
  const thresholds = new TailThresholds();
  expect(thresholds.add(windowOf(999, 5_000))).toBe(false);
  expect(thresholds.add(windowOf(5_000, 90_000, 'candidate'))).toBe(false);
  expect(thresholds.add(windowOf(1, 5_000))).toBe(true);
  expect(thresholds.tauUs['r']).toBeGreaterThan(4_900);
  expect(thresholds.tauUs['r']).toBeLessThan(5_100);
  expect(thresholds.add(windowOf(100, 5_000))).toBe(false);
  // Thirty busy windows later nothing is left of what was before them.
  for (let index = 0; index < 30; index += 1) thresholds.add(windowOf(200, 20_000));
  expect(thresholds.tauUs['r']).toBeGreaterThan(19_600);
  expect(thresholds.tauUs['r']).toBeLessThan(20_400);
});

test('has a tail threshold where little is asked too, once a thousand answers are there', () => {
  const histogram = newHistogram();
  for (let index = 0; index < 10; index += 1) recordUs(histogram, 5_000);
  const lane = { route: 'r', lane: 'legacy', requests: 10, latency: encodeHistogram(histogram) };
  const window = { lanes: [lane] } as unknown as Window;
  const thresholds = new TailThresholds();
  const changes = Array.from({ length: 400 }, () => thresholds.add(window));
  expect(changes.indexOf(true)).toBe(99);
  expect(changes.filter(Boolean)).toHaveLength(1);
});
