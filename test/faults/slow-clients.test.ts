import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LARGE, SLOW_KINDS, slowClient } from '../kit/chaos-clients.ts';
import type { SlowKind } from '../kit/chaos-clients.ts';
import { gateway } from '../kit/gateway.ts';
import { loadInBackground } from '../kit/load.ts';
import type { LoadResult } from '../kit/load.ts';
import { upstream } from '../kit/upstream.ts';

/** The promise: with default settings every slow client is gone after this time. */
const CUT_MS = 15_000;
const CLIENTS_OF_A_KIND = 75;
/** A busy machine of two cores: what slow clients may cost others in this process, which plays all of them too. */
const SLOWEST_SHARE = 0.5;
const P99_SLACK_MS = 30;

const LARGE_BODY = Buffer.alloc(2 ** 20, 'x');

/** Answers of a load per second, after its first moments. */
function perSecond(result: LoadResult, fromMs: number, toMs: number): number {
  const answers = result.shots.filter(({ startedMs }) => startedMs >= fromMs && startedMs < toMs);
  return (answers.length * 1_000) / (toMs - fromMs);
}

test('300 slow clients are cut within 15 s while others are served at full speed', async () => {
  const service = await upstream()
    .respond(({ target }) => ({ body: target === LARGE ? LARGE_BODY : 'ok' }))
    .start();
  const running = await gateway()
    .legacy(service)
    .candidate(service)
    .config({ rollout: { shadow: { sample: '0%' } } })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await service.stop();
  });
  const usual = { url: running.url, clients: 4, ratePerSecond: 400 };
  const before = loadInBackground(usual);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const quiet = await before.stop();

  const during = loadInBackground(usual);
  const fromMs = monotonicMs();
  const kinds = SLOW_KINDS.flatMap((kind) => Array<SlowKind>(CLIENTS_OF_A_KIND).fill(kind));
  const slow = kinds.map((kind) => ({ kind, client: slowClient(running.url, kind) }));
  onTestFinished(() => slow.forEach(({ client }) => client.stop()));
  const times = await Promise.all(slow.map(async ({ kind, client }) => ({ kind, ms: await client.cut })));
  const toMs = monotonicMs();
  const loaded = await during.stop();

  expect(times.filter(({ ms }) => ms > CUT_MS)).toEqual([]);
  // Nobody was cut for another reason than slowness.
  expect(times.filter(({ ms }) => ms < 9_000)).toEqual([]);
  expect([...quiet.errors, ...loaded.errors].map(String)).toEqual([]);
  expect(Object.keys(loaded.statuses)).toEqual(['200']);
  const speed = perSecond(loaded, fromMs, toMs) / 400;
  expect(speed).toBeGreaterThan(SLOWEST_SHARE);
  expect(loaded.quantileMs(0.99)).toBeLessThan(quiet.quantileMs(0.99) * 4 + P99_SLACK_MS);
}, 60_000);
