import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { buildName } from '../../src/control/build.ts';
import { coalesced } from '../../src/control/coalesce.ts';
import { isKillSwitchOn, liftKillSwitch, throwKillSwitch } from '../../src/control/kill-switch.ts';
import { KillSwitchKeeper } from '../../src/control/kill-switch-keeper.ts';
import { lockRunDir, noteAdminAddress } from '../../src/control/lock.ts';
import { lockPorts } from '../../src/control/ports.ts';
import { Publisher } from '../../src/control/publisher.ts';
import { prepareRunDir, runPaths, writeFileAtomic } from '../../src/control/run-dir.ts';
import { UnstoredFile } from '../../src/control/unstored-file.ts';
import { Controller } from '../../src/rollout/controller.ts';
import type { ApplyResult } from '../../src/rollout/controller-types.ts';
import type { Unstored, UnstoredLog } from '../../src/rollout/unstored.ts';
import { plan } from '../rollout/fixtures.ts';
import { MemoryStore } from '../rollout/memory-store.ts';
import { until } from '../kit/until.ts';
import { newRunDir, someConfig, someView } from './kit/workers.ts';

const by = { who: 'ana', reason: 'because' } as const;
let runDir = '';
let remove = (): void => {};

beforeEach(async () => {
  ({ runDir, remove } = await newRunDir());
});

afterEach(() => remove());

/** No file of this name can be written with text in it: what a full disk does to a small file. */
function blockText(file: string): void {
  mkdirSync(`${file}.${process.pid}.new`);
}

async function unstoredDecisions(): Promise<readonly Unstored[]> {
  let saved: readonly Unstored[] = [];
  const unstoredLog: UnstoredLog = {
    save: (list) => void (saved = list),
    load: () => [],
    fallBack: () => false,
  };
  const store = new MemoryStore().connect();
  const controller = await Controller.open(store, {
    plan,
    configHash: 'c',
    build: '1',
    holder: 'one',
    tickMs: 0,
    unstoredLog,
    publish: () => undefined,
  });
  await controller.apply({ verb: 'advance', to: null, force: true, legacyServes: false, ...by });
  store.breaks('down');
  await controller.apply({ verb: 'rollback', to: null, ...by });
  await controller.apply({ verb: 'bypass', ...by });
  await controller.close();
  return saved;
}

test('keeps decisions in a file for the next start, and nothing when there are none', async () => {
  const decisions = await unstoredDecisions();
  expect(decisions).toHaveLength(2);
  const file = new UnstoredFile(runDir, () => undefined);
  file.save(decisions);
  expect(new UnstoredFile(runDir, () => undefined).load()).toEqual(decisions);
  expect(statSync(runPaths(runDir).unstored).mode & 0o777).toBe(0o600);
  file.save([]);
  expect(existsSync(runPaths(runDir).unstored)).toBe(false);
  expect(file.load()).toEqual([]);
});

test('throws the kill switch when it cannot read which decisions there are', async () => {
  const [whole] = [JSON.stringify({ schemaVersion: 1, unstored: await unstoredDecisions() })];
  for (const text of ['', '{', '{"schemaVersion":2}', whole.replace('"rollback"', '"advance"')]) {
    writeFileSync(runPaths(runDir).unstored, text);
    const log: string[] = [];
    expect(new UnstoredFile(runDir, (line) => log.push(line)).load(), text).toEqual([]);
    expect(log.join()).toContain('the kill switch is thrown');
    expect(await isKillSwitchOn(runDir)).toBe(true);
    expect(existsSync(`${runPaths(runDir).unstored}.damaged`)).toBe(true);
    await liftKillSwitch(runDir);
  }
});

test('throws the kill switch with an empty file where there is no room for its text', async () => {
  const file = runPaths(runDir).bypass;
  blockText(file);
  await throwKillSwitch(runDir, by);
  expect(readFileSync(file, 'utf8')).toBe('');
});

test('leaves no temporary file behind when a file cannot be put in place', async () => {
  const { bypass } = runPaths(runDir);
  mkdirSync(bypass);
  expect(() => writeFileAtomic(bypass, 'text')).toThrow();
  expect(readdirSync(runDir).filter((name) => name.endsWith('.new'))).toEqual([]);
  await throwKillSwitch(runDir, by);
  expect(await isKillSwitchOn(runDir)).toBe(true);
  await liftKillSwitch(runDir);
  expect(await isKillSwitchOn(runDir)).toBe(false);
});

test('throws the kill switch in memory when its file cannot be made, and says both', async () => {
  const nowhere = join(runDir, 'not', 'there');
  const done = { ok: true, changed: true, warnings: [] } as unknown as ApplyResult;
  const applied: string[] = [];
  const log: string[] = [];
  const keeper = new KillSwitchKeeper({
    runDir: nowhere,
    isOn: () => true,
    apply: async (verb) => {
      applied.push(verb);
      return done;
    },
    log: (line) => void log.push(line),
  });
  const result = await keeper.on(by);
  expect(applied).toEqual(['bypass']);
  expect(result.ok && result.warnings.join()).toContain("the kill switch's file could not be written");
  expect(log).toHaveLength(1);
  await keeper.close();
});

test('keeps the run directory and what is in it from other users', async () => {
  chmodSync(runDir, 0o755);
  const lock = lockRunDir(await prepareRunDir(runDir));
  chmodSync(runDir, 0o755);
  await prepareRunDir(runDir);
  expect(statSync(runDir).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(runDir)) {
    expect(statSync(join(runDir, name)).mode & 0o077, name).toBe(0);
  }
  lock.release();
});

test('leaves the rights of a directory alone that is not a run directory', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'cutover-shared-'));
  writeFileSync(join(shared, 'somebody.txt'), '');
  chmodSync(shared, 0o755);
  await prepareRunDir(shared);
  expect(statSync(shared).mode & 0o777).toBe(0o755);
  rmSync(shared, { recursive: true });
});

test('notes where the admin API listens', () => {
  const paths = runPaths(runDir);
  const lock = lockRunDir(paths);
  noteAdminAddress(paths, '::1', 9901);
  expect(JSON.parse(readFileSync(paths.supervisor, 'utf8'))).toEqual({
    pid: process.pid,
    admin: '[::1]:9901',
  });
  lock.release();
});

test.runIf(process.platform === 'linux')(
  'gives a fixed port to one supervisor until it releases it',
  async () => {
    const listener = (port: number) => ({ host: '127.0.0.1', port, region: null });
    const first = await lockPorts([listener(4), listener(0)]);
    await expect(lockPorts([listener(3), listener(4)])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 1,
    });
    const visitor = connect({ path: '\0cutover-listen-127.0.0.1:4' });
    visitor.on('error', () => undefined);
    await until(() => visitor.closed, 'the end of a connection to the claim');
    const other = await lockPorts([listener(0), listener(3)]);
    first.release();
    (await lockPorts([listener(4)])).release();
    other.release();
  },
);

test('turns a storm of requests into two runs', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const ask = coalesced(async () => {
    runs += 1;
    await promise;
  });
  for (let count = 0; count < 60; count += 1) ask();
  expect(runs).toBe(1);
  resolve();
  await until(() => runs === 2);
  await new Promise((turn) => setImmediate(turn));
  expect(runs).toBe(2);
  ask();
  expect(runs).toBe(3);
});

test('names another build when a shipped file changed, and is quick about it', () => {
  const folder = pathToFileURL(`${runDir}/`);
  writeFileSync(join(runDir, 'a.ts'), 'one');
  const name = buildName(folder);
  expect(name).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/);
  writeFileSync(join(runDir, 'note.md'), 'no part of the build');
  expect(buildName(folder)).toBe(name);
  writeFileSync(join(runDir, 'a.ts'), 'two');
  expect(buildName(folder)).not.toBe(name);
  buildName();
  const startedMs = monotonicMs();
  expect(buildName()).toBe(buildName());
  expect(monotonicMs() - startedMs).toBeLessThan(500);
});

test('names who missed a relief in time, whatever was published after it, and nobody else', async () => {
  const worker = (pid: number, state: 'serving' | 'starting') => ({
    pid,
    state,
    startRevision: 1,
    sentRevision: 1,
    acknowledgedRevision: 1,
  });
  const [deaf, good, fresh] = [worker(1, 'serving'), worker(2, 'serving'), worker(3, 'starting')];
  const stuck: (readonly number[])[] = [];
  const publisher = new Publisher({
    send: ({ revision }) => (good.acknowledgedRevision = revision),
    workers: () => [deaf, good, fresh],
    onInEffect: () => undefined,
    onLate: () => undefined,
    onStuck: (revision, pids) => void stuck.push([revision, ...pids]),
    timeoutMs: 50,
  });
  publisher.publish(someConfig(), someView());
  publisher.publish(someConfig(), someView());
  expect(await publisher.effect()).toEqual({ inEffect: false, missingPids: [1, 3] });
  publisher.publish(someConfig(), someView(), true);
  publisher.publish(someConfig(), someView());
  await until(() => stuck.length > 0, 'the verdict');
  expect(stuck).toEqual([[3, 1]]);
  publisher.stop();
});
