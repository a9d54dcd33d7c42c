import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processStart } from '../../src/control/process-identity.ts';
import { appliedSchema } from '../../src/control/schema/commands.ts';
import type { AppliedAnswer } from '../../src/control/schema/commands.ts';
import { freePorts } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { NodeFolder } from './kit/nodes.ts';

const by = { who: 'test', reason: 'a test' };
const toEnforce = { ...by, force: true, to: { phase: 'enforce' } };
let places: NodeFolder[] = [];
let place: NodeFolder;

async function newPlace(patch: Record<string, unknown> = {}): Promise<NodeFolder> {
  const made = await new NodeFolder().configure(patch);
  places.push(made);
  return made;
}

async function command(path: string, body: object = by): Promise<AppliedAnswer> {
  const { status, text } = await place.command(path, body);
  expect({ status, text }).toMatchObject({ status: 200 });
  return appliedSchema.parse(JSON.parse(text));
}

beforeEach(async () => {
  place = await newPlace();
});

afterEach(() => {
  for (const each of places) each.remove();
  places = [];
});

test(
  'remembers a rollback that the store did not take, after a kill -9 of all',
  { timeout: 60_000 },
  async () => {
    const node = await place.start();
    await command('/v1/advance', toEnforce);
    const database = new Database(join(place.folder, 'cutover.db'));
    database.exec('BEGIN IMMEDIATE');
    const answer = await command('/v1/rollback', { ...by, to: { phase: 'shadow' } });
    expect(answer).toMatchObject({ stored: false, survivesRestart: true, inEffect: true, warnings: [] });
    expect(node.log()).not.toContain('not in effect');
    process.kill(-node.pid, 'SIGKILL');
    await node.exited;
    database.close();
    const again = await place.start();
    expect((await place.status()).rollout).toMatchObject({ phase: 'shadow' });
    expect(again.log()).toContain('stored the rollback of test@local, made while the store was out of reach');
  },
);

test(
  'replaces a worker that misses a rollback, and says that it is not in effect yet',
  { timeout: 60_000 },
  async () => {
    await place.start();
    await command('/v1/advance', toEnforce);
    const [stuck = 0] = await place.workerPids();
    process.kill(stuck, 'SIGSTOP');
    const answer = await command('/v1/rollback', { ...by, to: { phase: 'shadow' } });
    expect(answer).toMatchObject({ inEffect: false, missingPids: [stuck] });
    await until(() => processStart(stuck) === null, 'the end of the stuck one', 3_000);
    await until(async () => (await place.status()).snapshot.inEffect, 'the effect');
    expect(await command('/v1/bypass')).toMatchObject({ changed: true, inEffect: true, missingPids: [] });
    expect(await command('/v1/bypass')).toMatchObject({
      changed: false,
      inEffect: true,
      entry: { verb: 'bypass' },
    });
  },
);

test('lets two supervisors that start at once not share a port', { timeout: 60_000 }, async () => {
  const [port] = await freePorts(1);
  const listen = [{ address: `127.0.0.1:${port}` }];
  await place.configure({ listen, workers: 1 });
  const both = [place, await newPlace({ listen, workers: 1 })].map((each) => each.launch());
  const loser = await Promise.race(both.map(async (node) => ({ node, code: await node.exited })));
  expect(loser.code).toBe(1);
  expect(loser.node.log()).toContain('PORT_TAKEN');
  const winner = both.find((node) => node !== loser.node);
  await until(() => winner?.log().includes('serving on'), 'the other one to serve');
});

test('refuses to act on a database that another gateway acts on', { timeout: 60_000 }, async () => {
  await place.start();
  const other = await newPlace({ store: { sqlite: join(place.folder, 'cutover.db') } });
  const node = other.launch();
  expect(await node.exited).toBe(1);
  expect(node.log()).toContain('LEASE_HELD');
  expect((await place.status()).store.mode).toBe('live');
});

test(
  'lives through the signals that come while it starts, and obeys them then',
  { timeout: 60_000 },
  async () => {
    const node = place.launch();
    await until(() => node.log().includes('admin API on'), 'the start to be under way');
    node.child.kill('SIGHUP');
    node.child.kill('SIGUSR2');
    await until(() => node.log().includes('serving on'), 'the end of the start');
    await until(() => node.log().includes('nothing changed'), 'the reload');
    expect(node.child.exitCode).toBeNull();
  },
);

test('opens an epoch for what takes effect, when it does', { timeout: 60_000 }, async () => {
  const node = await place.start();
  const before = await place.status();
  const noted: unknown = JSON.parse(readFileSync(join(place.runDir, 'supervisor.json'), 'utf8'));
  expect(noted).toMatchObject({ pid: node.pid, admin: `127.0.0.1:${place.adminPort}` });
  expect(await command('/v1/reload')).toMatchObject({ changed: false, needRestart: [] });

  await place.configure({ rollout: { window: '2s' }, workers: 1 });
  const kept = await command('/v1/reload');
  expect(kept).toMatchObject({ changed: false, needRestart: ['workers', 'rollout.window'] });
  expect((await place.status()).snapshot).toEqual(before.snapshot);
  for (let count = 0; count < 30; count += 1) node.child.kill('SIGHUP');
  await until(() => node.log().includes('nothing changed'), 'the reload');
  // Two calls that wait their turn: no signal is left that could read the next file first.
  for (let count = 0; count < 2; count += 1)
    expect(await command('/v1/reload')).toMatchObject({ changed: false });

  await place.configure({ explainHeaders: true });
  const applied = await command('/v1/reload', { who: 'test', reason: '' });
  expect(applied).toMatchObject({
    changed: true,
    entry: { reason: '' },
    needRestart: ['workers', 'rollout.window'],
  });
  const during = await place.status();
  expect(during.rollout.epoch).toBe(before.rollout.epoch);
  expect(during.rollout.sequence).toBe(before.rollout.sequence + 1);

  node.child.kill('SIGTERM');
  expect(await node.exited).toBe(0);
  await place.start();
  expect((await place.status()).rollout.epoch).toBe(before.rollout.epoch + 1);
});
