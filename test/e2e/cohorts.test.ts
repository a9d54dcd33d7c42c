import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/control/schema/status.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import type { ClientRequest } from '../kit/http-client.ts';
import { loadInBackground } from '../kit/load.ts';
import { operate } from '../kit/operator.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream, UpstreamBuilder } from '../kit/upstream.ts';
import { until } from '../kit/until.ts';

const WAIT_MS = 90_000;
const TEST_MS = 180_000;

/** A shop whose reads are paired and whose writes are never copied, with half of its users at the candidate. */
async function halfOfAll(candidateService: UpstreamBuilder) {
  const legacy = await upstream().json({ ok: true }).start();
  const candidate = await candidateService.start();
  const running = await gateway()
    .legacy(legacy)
    .config({
      workers: 2,
      node: { region: 'local' },
      candidate: {
        upstreams: { shop: { servers: [candidate.url] } },
        routes: [{ name: 'orders', match: { path: '/' }, upstream: 'shop', critical: true }],
      },
      rollout: {
        stickyKey: { cookie: 'sid' },
        shadow: { sample: '100%', dwell: '1s' },
        regional: { steps: [{ region: 'local', share: '50%' }], dwell: '1s' },
        gates: {
          minPairs: 200,
          errorRate: { margin: '1pp' },
          tail: { margin: '50pp' },
          differences: { margin: '1pp' },
          bake: { badWindows: '50%' },
        },
      },
    })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  for (let step = 0; step < 2; step += 1) await operate(running, 'advance');
  return { running, legacy, candidate };
}

/** Each user reads once and writes once. */
function visit(user: number, reads = true): ClientRequest {
  const headers = { Cookie: `sid=user-${Math.floor(user / 2)}` };
  return user % 2 === 0 && reads
    ? { target: '/orders', headers }
    : { method: 'POST', target: '/orders', headers, body: '{"sku":"a-1"}' };
}

/** Clients who come one after the other, ever new ones until `users` have come. */
function traffic(running: RunningGateway, thinkMs: number) {
  let next = 0;
  const load = loadInBackground({
    url: running.url,
    clients: 8,
    thinkMs,
    request: () => visit(next++),
    note: (answer) => String(answer.status),
  });
  onTestFinished(async () => void (await load.stop()));
  return load;
}

function cohortLine({ gate }: Status) {
  return gate.metrics.find(({ direction }) => direction === null);
}

function writesTo({ requests }: Upstream): number {
  return requests.filter(({ method }) => method === 'POST').length;
}

test('users of two cohorts prove writes that no copy may prove', { timeout: TEST_MS }, async () => {
  const { running, legacy, candidate } = await halfOfAll(upstream().json({ ok: true }));
  const load = traffic(running, 2);
  const proven = async (): Promise<Status | null> => {
    const status = await running.status();
    return status.gate.verdict === 'ready' ? status : null;
  };
  const status = await until(proven, 'the gate to be ready', WAIT_MS);
  const { errors, shots } = await load.stop();
  expect(errors).toEqual([]);
  expect(cohortLine(status)).toMatchObject({ region: 'local', plus: 0, minus: 0, verdict: 'ready' });
  expect(status.gate.coverage).toContainEqual(
    expect.objectContaining({ route: 'orders', methods: 'write', by: 'cohort', pairs: 0 }),
  );
  const { stdout } = await running.cli(['gate']);
  expect(stdout).toMatch(/Coverage: reads \d+\.\d\d% by pairs, writes \d+\.\d\d% by cohort\n/);
  // Each write reached one lane, once.
  const writes = shots.length - shots.filter((_, index) => index % 2 === 0).length;
  expect(Math.abs(writesTo(legacy) + writesTo(candidate) - writes)).toBeLessThanOrEqual(8);
});

test('a candidate that fails some users who write goes back by itself', { timeout: TEST_MS }, async () => {
  let calls = 0;
  // One write in fourteen: fewer than what the breaker sees, and every read is fine.
  const failing = upstream().respond(({ method }) =>
    method === 'POST' && ++calls % 14 === 0 ? { status: 500 } : { body: { ok: true } },
  );
  const { running } = await halfOfAll(failing);
  traffic(running, 20);
  const before = await running.status();
  const gone = async () => {
    const { rollout } = await running.status();
    return rollout.phase === 'regional' ? null : rollout;
  };
  await until(gone, 'the rollback', WAIT_MS);
  expect(before.rollout.phase).toBe('regional');
  const { stdout } = await running.cli(['history', '--json']);
  const { entries } = JSON.parse(stdout) as { entries: { who: string; verb: string; reason: string }[] };
  const last = entries.filter(({ verb }) => verb === 'rollback').at(-1);
  expect(last?.who).toBe('gate');
  expect(last?.reason).toMatch(
    /^PROVEN_WORSE: error rate \(cohort, local\): the candidate is worse: \d+ failed/,
  );
});

test('a supervisor that starts again counts nobody twice', { timeout: TEST_MS }, async () => {
  const { running } = await halfOfAll(upstream().json({ ok: true }));
  const visitAll = async (at: RunningGateway, users: number) => {
    let next = 0;
    const load = loadInBackground({
      url: at.url,
      clients: 4,
      thinkMs: 1,
      request: () => visit(next++ % (2 * users), false),
      note: () => '',
    });
    const seen = async () => (cohortLine(await at.status())?.n === users ? true : null);
    await until(seen, `${users} users to be counted`, WAIT_MS);
    await load.stop();
    const { windows } = (await at.status()).gate;
    const later = async () => {
      const status = await at.status();
      return status.gate.windows >= windows + 3 ? status : null;
    };
    return cohortLine(await until(later, 'three more windows', WAIT_MS))?.n;
  };
  expect(await visitAll(running, 120)).toBe(120);
  running.killAll();
  await running.exited;
  const again = await running.restart();
  onTestFinished(() => again.stop());
  // What was counted is known again from the store; those who come now are not added to it.
  const recalled = async () => (cohortLine(await again.status())?.n === 120 ? true : null);
  await until(recalled, 'the stored users', WAIT_MS);
  expect(await visitAll(again, 150)).toBe(150);
  const skews = (await again.status()).gate.requirements.filter(({ name }) => name === 'skew');
  const skew = skews.find(({ message }) => message.includes('control cohort'));
  expect(skew?.message).toMatch(/counted since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, after a restart$/);
});
