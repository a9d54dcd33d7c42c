import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { Connection, fetchOnce } from '../kit/http-client.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';
import { cpuMsOf } from '../soak/processes.ts';

/** Lets a process open so many more descriptors than it has. @returns how to lift the limit */
function limitDescriptors(pid: number, more: number): () => void {
  // A new descriptor is the lowest free number: so many are left, give or take holes.
  const open = readdirSync(`/proc/${pid}/fd`).length;
  const set = (soft: number): void => {
    const { status, stderr } = spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${soft}:`]);
    if (status !== 0) throw new Error(`prlimit: ${String(stderr)}`);
  };
  set(open + more);
  return () => set(4_096);
}

async function start(
  answer = upstream(),
): Promise<{ running: RunningGateway; legacy: Upstream; pid: number }> {
  const [legacy, candidate] = [await answer.start(), await upstream().start()];
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ rollout: { shadow: { sample: '0%' } }, accessLog: { file: './access.log' } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  return { running, legacy, pid: running.pids().workers[0] ?? 0 };
}

/** CPU time of a process over some wall time, as a share of one core. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const [cpuMs, sinceMs] = [cpuMsOf(pid), monotonicMs()];
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (cpuMsOf(pid) - cpuMs) / (monotonicMs() - sinceMs);
}

/** Opens connections until none is served any more. @returns all of them */
async function exhaust(url: string): Promise<Connection[]> {
  const held: Connection[] = [];
  for (let refused = 0; refused < 10;) {
    const connection = await Connection.open(url);
    held.push(connection);
    const status = await connection.request({}, 500).then(
      ({ status }) => status,
      () => 0,
    );
    refused += status === 200 ? 0 : 1;
  }
  return held;
}

test('a worker without descriptors serves its connections, does not spin, and recovers', async () => {
  const { running, pid } = await start();
  const kept = await Connection.open(running.url);
  expect((await kept.request()).status).toBe(200);
  limitDescriptors(pid, 20);
  const held = await exhaust(running.url);
  const waiting = await Promise.all(Array.from({ length: 20 }, () => Connection.open(running.url)));

  expect(await cpuShare(pid, 2_000)).toBeLessThan(0.5);
  for (let request = 0; request < 20; request += 1) expect((await kept.request()).status).toBe(200);
  const { workers } = await running.status();
  expect(workers).toMatchObject([{ pid, state: 'serving', restarts: 0 }]);

  for (const connection of [...held, ...waiting]) connection.close();
  await until(
    () =>
      fetchOnce(running.url).then(
        ({ status }) => status === 200,
        () => false,
      ),
    'new connections to be served again',
  );
  expect((await kept.request()).status).toBe(200);
  expect(running.pids().workers).toEqual([pid]);
}, 60_000);

test('a call that finds no descriptor is answered 503 and is no failure of the lane', async () => {
  const { running, legacy, pid } = await start(upstream().slow(1_000));
  const [first, second] = [await Connection.open(running.url), await Connection.open(running.url)];
  const warm = await Promise.all([first.request(), fetchOnce(running.url)]);
  expect(warm.map(({ status }) => status)).toEqual([200, 200]);
  limitDescriptors(pid, 0);
  const held = await Promise.all(Array.from({ length: 40 }, () => Connection.open(running.url)));
  const before = legacy.count();
  const others = [first, second, ...held];
  const answers = await Promise.all(
    others.map((connection) => connection.request({}, 5_000).catch(() => null)),
  );
  const failed = answers.filter((answer) => answer !== null && answer.status !== 200);
  expect(failed.length).toBeGreaterThan(0);
  for (const answer of failed) {
    expect([answer?.status, answer === null ? '' : headerOf(answer, 'x-cutover-error')]).toEqual([
      503,
      'overloaded',
    ]);
  }
  expect(legacy.count()).toBeGreaterThan(before);
  const whole = answers.filter((answer) => answer?.status === 200).length;
  const { lanes, workers } = await until(async () => {
    const status = await running.status();
    return status.lanes.legacy.requests >= 2 + whole ? status : null;
  }, 'the requests to be counted');
  expect([lanes.legacy.bad, lanes.legacy.failures]).toEqual([0, {}]);
  expect(workers).toMatchObject([{ pid, restarts: 0 }]);
  for (const connection of others) connection.close();
}, 60_000);

test('the access log goes on while no descriptor is left, and no request fails for it', async () => {
  const { running, pid } = await start();
  const file = join(running.folder, 'access.log');
  const lines = (): number => readFileSync(file, 'utf8').split('\n').length - 1;
  const kept = await Connection.open(running.url);
  await kept.request();
  await until(() => running.log().includes('serving') && readdirSync(running.folder).includes('access.log'));
  const lift = limitDescriptors(pid, 0);
  const held = await exhaust(running.url);
  const before = lines();
  for (let request = 0; request < 20; request += 1) expect((await kept.request()).status).toBe(200);
  await until(() => lines() >= before + 20, 'the lines');
  lift();
  for (const connection of held) connection.close();
}, 60_000);

test('a supervisor without descriptors stays, its store too, and clients do not notice', async () => {
  const { running, pid } = await start();
  const { supervisor } = running.pids();
  const lift = limitDescriptors(supervisor, 0);
  const admin = await Promise.all(
    Array.from({ length: 40 }, () => Connection.open(running.adminUrl).catch(() => null)),
  );
  expect(await cpuShare(supervisor, 1_500)).toBeLessThan(0.5);
  for (let request = 0; request < 20; request += 1) expect((await fetchOnce(running.url)).status).toBe(200);
  for (const connection of admin) connection?.close();
  lift();
  const status = await until(() => running.status().catch(() => null), 'the admin API to answer');
  expect(status.store.mode).toBe('live');
  expect(status.workers).toMatchObject([{ pid, state: 'serving', restarts: 0 }]);
  const { code, stderr } = await running.cli(['advance', '--force', '--reason', 'a test', '--yes']);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
}, 60_000);
