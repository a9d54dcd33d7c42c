import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { loadInBackground } from '../kit/load.ts';
import { operate } from '../kit/operator.ts';
import { upstream } from '../kit/upstream.ts';
import { until } from '../kit/until.ts';

const ROLLBACKS = 100;
/** What product.md promises, milliseconds. */
const PROMISED_MS = 250;
/** Longer than the promise, so that a broken one is seen. */
const WATCHED_MS = 400;
const CANARY = { 'X-Canary': 'internal' };

/** A gateway in canary whose every client is staff. */
async function canary() {
  const legacy = await upstream().json({ from: 'legacy' }).start();
  const candidate = await upstream().json({ from: 'candidate' }).start();
  const running = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({
      workers: 2,
      explainHeaders: true,
      rollout: { canary: { match: [{ header: { 'x-canary': 'internal' }, from: '127.0.0.0/8' }] } },
    })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  return running;
}

test('after a rollback the last new request answered by the candidate is at most 250 ms later', async ({
  annotate,
}) => {
  const running = await canary();
  const load = loadInBackground({
    url: running.url,
    clients: 16,
    thinkMs: 2,
    request: () => ({ headers: CANARY }),
    note: (answer) => headerOf(answer, 'x-cutover-lane') ?? '',
  });
  const watched: { fromMs: number; toMs: number }[] = [];
  for (let index = 0; index < ROLLBACKS; index += 1) {
    await operate(running, 'advance');
    const fromMs = monotonicMs();
    await operate(running, 'rollback');
    await until(() => monotonicMs() > fromMs + WATCHED_MS, 'the time that is watched');
    watched.push({ fromMs, toMs: monotonicMs() });
  }
  const { shots, errors } = await load.stop();
  expect(errors).toEqual([]);
  const byCandidate = shots.filter((shot) => shot.note === 'candidate');
  const delays = watched.map(({ fromMs, toMs }) =>
    byCandidate.reduce(
      (latest, { startedMs }) =>
        startedMs > fromMs && startedMs < toMs ? Math.max(latest, startedMs - fromMs) : latest,
      0,
    ),
  );
  expect(byCandidate.length).toBeGreaterThan(ROLLBACKS);
  const sorted = delays.toSorted((one, other) => one - other);
  const [p50 = 0, p99 = 0, worst = 0] = [49, 98, 99].map((index) => sorted[index]);
  await annotate(`p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`);
  expect(delays).toHaveLength(ROLLBACKS);
  expect(p99).toBeLessThanOrEqual(PROMISED_MS);
}, 90_000);

test('the kill switch works when the supervisor is gone, and the workers serve on', async () => {
  const running = await canary();
  await operate(running, 'advance');
  const lane = async () => headerOf(await fetchOnce(running.url, { headers: CANARY }), 'x-cutover-lane');
  expect(await lane()).toBe('candidate');
  process.kill(running.pids().supervisor, 'SIGKILL');
  await running.exited;
  expect(await lane()).toBe('candidate');
  const thrown = monotonicMs();
  const { code, stdout } = await running.cli(['bypass', '--reason', 'the supervisor is gone', '--yes']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('bypass')]);
  await until(async () => (await lane()) === 'legacy', 'every worker to bypass', 5_000);
  expect(monotonicMs() - thrown).toBeLessThan(5_000);
  for (let index = 0; index < 20; index += 1) expect(await lane()).toBe('legacy');
  for (const pid of running.pids().workers) process.kill(pid, 'SIGTERM');
  await until(() => running.pids().workers.length === 0, 'the orphans to drain', 40_000);
}, 90_000);
