import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { loadInBackground } from '../kit/load.ts';
import { operate } from '../kit/operator.ts';
import { upstream } from '../kit/upstream.ts';
import { until } from '../kit/until.ts';

const ROLLBACKS = 40;
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

test('after a rollback the last new request answered by the candidate is at most 250 ms later', async () => {
  const running = await canary();
  const load = loadInBackground({
    url: running.url,
    clients: 16,
    thinkMs: 2,
    request: () => ({ headers: CANARY }),
    note: (answer) => headerOf(answer, 'x-cutover-lane') ?? '',
  });
  const commands: number[] = [];
  for (let index = 0; index < ROLLBACKS; index += 1) {
    await operate(running, 'advance');
    commands.push(monotonicMs());
    await operate(running, 'rollback');
  }
  const { shots, errors } = await load.stop();
  expect(errors).toEqual([]);
  const ends = [...commands.slice(1), Number.POSITIVE_INFINITY];
  const delays = commands.map((fromMs, index) => {
    const until = ends[index] as number;
    // The next advance is given before the next rollback: what it brings back is not this rollback's.
    const late = shots.filter(
      (shot) => shot.note === 'candidate' && shot.startedMs > fromMs && shot.startedMs < until,
    );
    const legacyAgain =
      shots.find((shot) => shot.note === 'legacy' && shot.startedMs > fromMs)?.startedMs ?? until;
    return Math.max(
      0,
      ...late.filter((shot) => shot.startedMs <= legacyAgain + 250).map((shot) => shot.startedMs - fromMs),
    );
  });
  expect(delays).toHaveLength(ROLLBACKS);
  expect(Math.max(...delays)).toBeLessThanOrEqual(250);
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
