import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { History } from '../../src/control/schema/history.ts';
import { openSqliteReader } from '../../src/store/sqlite/store.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { loadInBackground } from '../kit/load.ts';
import { freePorts } from '../kit/process.ts';
import type { Child } from '../kit/process.ts';
import { site } from '../kit/services.ts';
import { until } from '../kit/until.ts';
import { buildOfVersion, takeOver } from './hand-over-kit.ts';

const VERSIONS = ['99.0.1', '99.0.2', '99.1.0'];

async function twoWorkers(): Promise<RunningGateway> {
  const [legacy, candidate] = [await site().start(), await site().start()];
  const [port] = await freePorts(1);
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({
      listen: [{ address: `127.0.0.1:${port}` }],
      workers: 2,
      timeouts: { drain: '10s' },
      rollout: { canary: { match: [{ header: { 'x-canary': 'internal' }, from: '127.0.0.0/8' }] } },
    })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  return running;
}

async function storedRequests({ folder }: RunningGateway): Promise<number> {
  const store = openSqliteReader(join(folder, 'cutover.db'));
  let requests = 0;
  for await (const window of store.telemetry.readWindows(0, Number.MAX_SAFE_INTEGER))
    for (const lane of window.lanes) requests += lane.requests;
  await store.close();
  return requests;
}

test('three newer builds take over one after the other and no client sees it, on kept and on new connections', async () => {
  const running = await twoWorkers();
  const forward = await running.cli(['advance', '--force', '--reason', 'carried over', '--yes']);
  expect([forward.code, forward.stderr]).toEqual([0, expect.any(String)]);
  const target = { target: '/api/items/1' };
  const kept = loadInBackground({ url: running.url, clients: 40, ratePerSecond: 400, request: () => target });
  const fresh = loadInBackground({
    url: running.url,
    clients: 30,
    ratePerSecond: 150,
    request: () => ({ ...target, headers: { Connection: 'close' } }),
  });
  const ends: unknown[] = [];
  let newest: Child | null = null;
  let before = { exited: running.exited, pids: running.pids().workers };
  for (const version of VERSIONS) {
    const child = await takeOver(running, buildOfVersion(version));
    newest = child;
    ends.push(await before.exited);
    await until(() => before.pids.every((pid) => !running.pids().workers.includes(pid)), 'the older to end');
    before = { exited: child.exited, pids: running.pids().workers };
    const status = await running.status();
    expect([status.build.split('+')[0], status.rollout.phase]).toEqual([version, 'canary']);
    expect(before.pids.length).toBe(2);
  }
  const results = [await kept.stop(), await fresh.stop()];
  expect(results.flatMap(({ errors }) => errors.map(String))).toEqual([]);
  for (const { statuses } of results) expect(Object.keys(statuses)).toEqual(['200']);
  expect(ends).toEqual([0, 0, 0]);
  expect(running.log()).toMatch(/process \d+ \(build 99\.0\.1\+\w+\) took over: draining/);
  const { stdout } = await running.cli(['history', '--json']);
  const { intact, entries } = JSON.parse(stdout) as History;
  expect(intact).toBe(true);
  const reasons = entries
    .map(({ reason }) => reason)
    .filter((reason) => reason.startsWith('took over from process'));
  expect(reasons.length).toBe(VERSIONS.length);
  newest?.signal('SIGTERM');
  expect(await newest?.exited).toBe(0);
  // Every request that a client made is in exactly one stored window, whichever build counted it.
  const asked = results.reduce((sum, { shots }) => sum + shots.length, 0);
  expect(await storedRequests(running)).toBe(asked);
}, 240_000);
