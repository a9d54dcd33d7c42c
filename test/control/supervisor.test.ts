import { get } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { throwKillSwitch } from '../../src/control/kill-switch.ts';
import { processStart } from '../../src/control/process-identity.ts';
import { until } from '../kit/until.ts';
import { NodeFolder } from './kit/nodes.ts';
import { ask } from './kit/workers.ts';

let place: NodeFolder;

beforeEach(async () => {
  place = await new NodeFolder().configure();
});

afterEach(() => place.remove());

/** Every one of these processes has ended. */
function gone(pids: readonly number[]): boolean {
  return pids.every((pid) => processStart(pid) === null);
}

/** Answers until every listed worker has given one. */
async function askAll(port: number, pids: readonly number[]): Promise<Awaited<ReturnType<typeof ask>>[]> {
  const answers = new Map<number, Awaited<ReturnType<typeof ask>>>();
  await until(async () => {
    const answer = await ask(port);
    answers.set(answer.pid, answer);
    return pids.every((pid) => answers.has(pid));
  }, 'an answer of every worker');
  return [...answers.values()];
}

test('ends with 0 after a SIGTERM, lets running exchanges finish and leaves no process', async () => {
  const node = await place.start();
  const pids = await place.workerPids();
  const port = await place.port();
  const slow = ask(port, '/slow');
  await until(async () => (await ask(port)).pid > 0);
  node.child.kill('SIGTERM');
  expect((await slow).phase).toBe('shadow');
  expect(await node.exited).toBe(0);
  expect(gone(pids)).toBe(true);
  expect(await place.workerPids()).toEqual([]);
});

test(
  'ends at once at a second signal, with its code, and leaves no process',
  { timeout: 60_000 },
  async () => {
    await place.configure({ timeouts: { drain: '20s' } });
    const node = await place.start();
    const pids = await place.workerPids();
    get(`http://127.0.0.1:${await place.port()}/hang`).on('error', () => {});
    await until(async () => (await ask(await place.port())).pid > 0);
    node.child.kill('SIGINT');
    await until(() => node.log().includes('draining'));
    const signalledMs = monotonicMs();
    // None once it was heard: the runtime gives signals back at its very end, and one that comes then names the end.
    const again = setInterval(() => node.log().includes('a second signal') || node.child.kill('SIGINT'), 100);
    expect(await node.exited).toBe(130);
    clearInterval(again);
    expect(monotonicMs() - signalledMs).toBeLessThan(10_000);
    expect(gone(pids)).toBe(true);
  },
);

test('refuses a second supervisor while the first one lives, and names it', async () => {
  const first = await place.start();
  const second = place.launch();
  expect(await second.exited).toBe(1);
  expect(second.log()).toContain(`ALREADY_RUNNING another supervisor (process ${first.pid})`);
  expect((await place.status()).workers.every(({ state }) => state === 'serving')).toBe(true);
});

test('refuses a port that somebody else shares, instead of taking half of the connections', async () => {
  const foreign = createServer();
  await new Promise<void>((resolve) => {
    foreign.listen({ host: '127.0.0.1', port: 0, reusePort: true }, resolve);
  });
  const { port } = foreign.address() as AddressInfo;
  await place.configure({ listen: [{ address: `127.0.0.1:${port}` }] });
  const node = place.launch();
  expect(await node.exited).toBe(1);
  expect(node.log()).toContain('PORT_TAKEN');
  await new Promise((resolve) => foreign.close(resolve));
});

test('serves on without its supervisor, without a reader of its log, and obeys the kill switch', async () => {
  const node = await place.start();
  const pids = await place.workerPids();
  const port = await place.port();
  node.child.kill('SIGKILL');
  await node.exited;
  node.child.stderr?.destroy();
  for (let count = 0; count < 8; count += 1) await ask(port, '/log');
  expect((await askAll(port, pids)).every(({ bypass }) => !bypass)).toBe(true);

  expect(await throwKillSwitch(place.runDir, { who: 'test', reason: 'candidate is down' })).toBe(2);
  await until(
    async () => (await askAll(port, pids)).every(({ bypass }) => bypass),
    'the bypass of all',
    1_000,
  );

  for (const pid of pids) process.kill(pid, 'SIGTERM');
  await until(() => gone(pids), 'the end of the orphans');
});

test('takes over from a supervisor that was killed: same port, the orphans drained, one generation left', async () => {
  const first = await place.start();
  const orphans = await place.workerPids();
  const port = await place.port();
  first.child.kill('SIGKILL');
  await first.exited;
  const slow = ask(port, '/slow');
  const second = await place.start();
  expect(await place.port()).toBe(port);
  await until(() => gone(orphans), 'the end of the orphans');
  expect(orphans).toContain((await slow).pid);
  for (const pid of orphans)
    await until(() => second.log().includes(`worker ${pid} of an earlier supervisor`));
  const now = await place.workerPids();
  expect(now).toHaveLength(2);
  expect(now.some((pid) => orphans.includes(pid))).toBe(false);
});

test('ends orphans with it when it is told to stop while they drain', async () => {
  await place.configure({ timeouts: { drain: '1s' } });
  const first = await place.start();
  const orphans = await place.workerPids();
  const port = await place.port();
  const hanging = orphans.map(() => ask(port, '/hang').catch(() => null));
  first.child.kill('SIGKILL');
  await first.exited;
  const second = await place.start();
  second.child.kill('SIGTERM');
  expect(await second.exited).toBe(0);
  expect(gone(orphans)).toBe(true);
  await Promise.all(hanging);
});

test('records a kill switch that was thrown by file, keeps it on, and lifts it by command only', async () => {
  await place.start();
  const pids = await place.workerPids();
  const port = await place.port();
  const file = join(place.runDir, 'bypass');
  await throwKillSwitch(place.runDir, { who: 'on call', reason: 'orders fail' });
  await until(async () => (await place.status()).rollout.bypass, 'the record');
  rmSync(file);
  await until(() => existsSync(file), 'the file again');
  expect((await askAll(port, pids)).every(({ bypass }) => bypass)).toBe(true);

  const off = await place.command('/v1/bypass', { who: 'test', reason: 'repaired', on: false });
  expect(off).toMatchObject({ status: 200 });
  expect(existsSync(file)).toBe(false);
  await until(async () => (await askAll(port, pids)).every(({ bypass }) => !bypass), 'no bypass');
});

test('applies a new configuration on SIGHUP without replacing a worker, and names what needs a restart', async () => {
  const node = await place.start();
  const pids = await place.workerPids();
  const before = await place.status();
  await place.configure({ workers: 1, timeouts: { drain: '1s', connect: '700ms' } });
  node.child.kill('SIGHUP');
  await until(async () => (await place.status()).snapshot.revision > before.snapshot.revision);
  const after = await place.status();
  expect(after.snapshot.configHash).not.toBe(before.snapshot.configHash);
  expect(after.rollout.epoch).toBe(before.rollout.epoch + 1);
  expect(await place.workerPids()).toEqual(pids);
  await until(() => node.log().includes('these keys need a restart: workers'));
});

test('keeps the old configuration when the new one is bad, as a whole', async () => {
  const node = await place.start();
  const before = await place.status();
  writeFileSync(place.configFile, 'listen: [{ adress: 127.0.0.1:0 }]\n');
  node.child.kill('SIGHUP');
  await until(() => node.log().includes('the old one stays in force'));
  const after = await place.status();
  expect(after.snapshot).toEqual(before.snapshot);
  expect((await ask(await place.port())).revision).toBe(before.snapshot.revision);
});

test('does not start on a bad configuration', async () => {
  writeFileSync(place.configFile, 'listen: []\n');
  const node = place.launch();
  expect(await node.exited).toBe(2);
  expect(node.log()).toContain('CONFIG_INVALID');
});
