import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { loadInBackground } from '../kit/load.ts';
import { freePorts } from '../kit/process.ts';
import { site } from '../kit/services.ts';
import { peerPortsOf } from '../kit/sockets.ts';
import { until } from '../kit/until.ts';

const CLIENTS = 200;
const CHANGES = 20;

function forced(verb: 'advance' | 'rollback'): string[] {
  return verb === 'advance'
    ? ['advance', '--force', '--reason', 'survival test', '--yes']
    : ['rollback', '--reason', 'survival test', '--yes'];
}

async function change(running: RunningGateway, verb: 'advance' | 'rollback'): Promise<void> {
  const { code, stderr } = await running.cli(forced(verb));
  expect([verb, code, stderr]).toEqual([verb, 0, expect.any(String)]);
}

test('200 clients see no error while phases change, a worker and the supervisor die, and the gateway drains', async () => {
  const [legacy, candidate] = [await site().start(), await site().start()];
  const [port] = await freePorts(1);
  const built = gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({
      listen: [{ address: `127.0.0.1:${port}` }],
      workers: 2,
      explainHeaders: true,
      rollout: {
        shadow: { sample: '10%' },
        canary: { match: [{ header: { 'x-canary': 'internal' }, from: '127.0.0.0/8' }] },
        regional: { steps: [{ region: 'local', share: '50%' }] },
      },
      node: { region: 'local' },
    });
  const first = await built.start();
  let current = first;
  onTestFinished(async () => {
    await current.stop();
    await first.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  const lanes = new Set<string>();
  const load = loadInBackground({
    url: first.url,
    clients: CLIENTS,
    thinkMs: 50,
    request: (client, index) => ({
      target: `/api/items/${(client + index) % 100}`,
      headers: { Cookie: `sid=user-${client}`, ...(client % 10 === 0 ? { 'X-Canary': 'internal' } : {}) },
    }),
    note: (answer) => {
      lanes.add(headerOf(answer, 'x-cutover-lane') ?? '');
      return '';
    },
  });
  await until(() => legacy.count() > CLIENTS, 'traffic');

  for (let index = 0; index < CHANGES; index += 1)
    await change(first, index % 4 < 2 ? 'advance' : 'rollback');

  const [victim = 0] = first.pids().workers;
  const doomed = peerPortsOf(victim);
  process.kill(victim, 'SIGKILL');
  await until(async () => {
    const { workers } = await first.status();
    return workers.every((worker) => worker.state === 'serving' && worker.pid !== victim);
  }, 'the dead worker to be replaced');

  const orphans = first.pids().workers;
  process.kill(first.pids().supervisor, 'SIGKILL');
  await first.exited;
  current = await first.restart();
  await until(
    () => orphans.every((pid) => !current.pids().workers.includes(pid)),
    'the orphans to drain',
    40_000,
  );
  const status = await current.status();
  expect(status.rollout.phase).toBe('shadow');

  current.rewrite({ rollout: { shadow: { sample: '20%' } } });
  const reloaded = await current.cli(['reload']);
  expect([reloaded.code, reloaded.stderr]).toEqual([0, '']);
  expect((await current.status()).rollout.epoch).toBeGreaterThan(status.rollout.epoch);

  const result = await load.stop();
  expect(lanes.has('candidate')).toBe(true);
  // Only connections of the killed worker may break, and each of them once.
  const broken = result.errors.map((error) => error.localPort);
  expect(result.errors.filter((error) => !doomed.has(error.localPort)).map(String)).toEqual([]);
  expect(new Set(broken).size).toBe(broken.length);
  expect(Object.keys(result.statuses)).toEqual(['200']);

  const draining = loadInBackground({
    url: current.url,
    clients: 20,
    request: () => ({ target: '/api/items/1' }),
  });
  await until(() => candidate.count() > 0, 'copies');
  current.signal('SIGTERM');
  expect(await current.exited).toBe(0);
  const drained = await draining.stop();
  // Once nothing listens a new connection is refused. The kernel may have taken one a worker in the last moment: it is
  // reset, and nobody heard its first request. No connection that was ever answered is cut.
  const late = drained.errors.filter(({ code }) => code !== 'ECONNREFUSED');
  expect(late.filter(({ at, requestOnConnection }) => at !== 'connect' && requestOnConnection > 1)).toEqual(
    [],
  );
  expect(late.length).toBeLessThanOrEqual(2);
  expect(current.pids().workers).toEqual([]);
}, 120_000);
