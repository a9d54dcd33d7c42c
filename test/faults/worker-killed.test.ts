import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { loadInBackground } from '../kit/load.ts';
import { peerPortsOf } from '../kit/sockets.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

const WORKERS = 2;
const KILLS = 3;

async function start(candidateMs: number): Promise<RunningGateway> {
  const legacy = await upstream().json({ ok: true }).start();
  const candidate = await upstream().json({ ok: true }).slow(candidateMs).start();
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({ workers: WORKERS, rollout: { shadow: { sample: '100%', ramp: '0s' } } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  return running;
}

async function replaced(running: RunningGateway, victims: readonly number[]): Promise<void> {
  await until(
    async () => {
      const { workers } = await running.status();
      return (
        workers.length === WORKERS &&
        workers.every(({ state, pid }) => state === 'serving' && !victims.includes(pid))
      );
    },
    'the dead workers to be replaced',
    30_000,
  );
}

test('kill -9 of a worker costs its own connections one request each, and counts stay right', async () => {
  const running = await start(5);
  const load = loadInBackground({ url: running.url, clients: 60, ratePerSecond: 150 });
  await until(async () => (await running.status()).lanes.legacy.requests > 100, 'traffic');
  const doomed = new Set<number>();
  const victims: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    // The youngest each time: one that took the place of another is replaced as well.
    const victim =
      running
        .pids()
        .workers.filter((pid) => !victims.includes(pid))
        .at(-1) ?? 0;
    for (const port of peerPortsOf(victim)) doomed.add(port);
    process.kill(victim, 'SIGKILL');
    victims.push(victim);
    await replaced(running, victims);
  }
  const result = await load.stop();
  // What waited in the accept queue of the dead worker is its kernel's to reset: nobody had heard a request of it.
  const accepted = result.errors.filter(({ requestOnConnection }) => requestOnConnection > 1);
  expect(accepted.filter(({ localPort }) => !doomed.has(localPort)).map(String)).toEqual([]);
  const broken = result.errors.map(({ connection }) => connection);
  expect(new Set(broken).size).toBe(broken.length);
  expect(Object.keys(result.statuses)).toEqual(['200']);

  const status = await until(async () => {
    const now = await running.status();
    const { connections, exchanges } = now.workers.reduce((sum, worker) => ({
      ...worker,
      connections: sum.connections + worker.connections,
      exchanges: sum.exchanges + worker.exchanges,
    }));
    return connections === 0 && exchanges === 0 ? now : null;
  }, 'no connection and no exchange');
  const answers = result.statuses['200'] ?? 0;
  const { requests, bad } = status.lanes.legacy;
  // What a killed worker had not reported is lost: at the most its last second, and never counted twice.
  expect(requests).toBeLessThanOrEqual(answers + result.errors.length);
  expect(requests).toBeGreaterThan(answers - victims.length * 150);
  expect(bad).toBe(0);
  const { eligible, notSampled, sampled } = status.pairs.shadow.accounting;
  expect(eligible).toBe(notSampled + sampled);
  expect(status.workers.map(({ restarts }) => restarts).reduce((sum, one) => sum + one)).toBe(KILLS);
}, 120_000);

test('copies that died with their worker do not stay pending for ever', async () => {
  const running = await start(3_000);
  const load = loadInBackground({ url: running.url, clients: 10, ratePerSecond: 50 });
  const pending = async (): Promise<number> => (await running.status()).pairs.shadow.accounting.pending;
  await until(async () => (await pending()) > 50, 'copies under way');
  const [victim = 0] = running.pids().workers;
  process.kill(victim, 'SIGKILL');
  await replaced(running, [victim]);
  await load.stop();
  await until(async () => (await pending()) === 0, 'no pending copy', 20_000);
}, 120_000);
