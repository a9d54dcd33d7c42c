import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { Connection, KeepAliveClient, fetchOnce, format } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream, UpstreamBuilder } from '../kit/upstream.ts';

interface Site {
  readonly running: InProcessGateway;
  readonly legacy: Upstream;
  readonly candidate: Upstream;
}

/** A gateway that is mirrored to, between two lanes. */
async function site(
  legacyIs: UpstreamBuilder,
  candidateIs: UpstreamBuilder,
  shadow: Partial<ReturnType<typeof gatewayConfig>['shadow']> = {},
): Promise<Site> {
  const [legacy, candidate] = [await legacyIs.start(), await candidateIs.start()];
  onTestFinished(async () => {
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  const usual = gatewayConfig(legacy.url, candidate.url);
  const running = await inProcessGateway(
    { legacy, candidate },
    { sample: 1 },
    {
      listeners: usual.listeners.map((listener) => ({ ...listener, mirror: true })),
      trustedProxies: ['127.0.0.1/32'],
      shadow: { ...usual.shadow, ...shadow },
    },
  );
  return { running, legacy, candidate };
}

const echo = () => upstream().respond(({ target }) => ({ body: { target } }));

test('answers 204 at once on one connection while both lanes hang, and counts what it could not ask', async () => {
  const { running, legacy, candidate } = await site(upstream().hangs(), upstream().hangs(), {
    maxInFlight: 8,
    timeoutMs: 5_000,
  });
  const client = new KeepAliveClient(running.url);
  const startedMs = monotonicMs();
  for (let at = 0; at < 40; at += 1) {
    const answer = await client.request({ target: `/items/${at}` });
    expect([answer.status, answer.body.length]).toEqual([204, 0]);
  }
  expect(monotonicMs() - startedMs).toBeLessThan(4_900);
  client.close();
  const { pairs } = await running.settled();
  const { eligible, sent, candidateSaturated, dropped, timedOut, compared } = pairs.shadow;
  expect([eligible, sent + candidateSaturated + dropped, timedOut, compared]).toEqual([40, 40, sent, 0]);
  expect([sent, legacy.count(), candidate.count()]).toEqual([8, 8, 8]);
});

test('asks both lanes what was mirrored, and the answers become one pair', async () => {
  const { running, legacy, candidate } = await site(echo(), echo().lies({ field: 'target', value: 'x' }));
  const headers = {
    'X-Request-Id': 'abcdefghijklmnop',
    'X-Forwarded-For': '192.0.2.7',
    Host: 'shop.example',
  };
  expect((await fetchOnce(running.url, { target: '/items/1?a=b', headers })).status).toBe(204);
  const { pairs, lanes } = await running.settled();
  expect(pairs.shadow).toMatchObject({ eligible: 1, compared: 1 });
  expect(lanes.legacy.requests).toBe(1);
  await until(() => running.classes()['json_value /target'] === 1, 'the class');
  for (const lane of [legacy, candidate]) {
    expect(lane.requests[0]).toMatchObject({ method: 'GET', target: '/items/1?a=b' });
    expect(lane.requests[0]?.header('x-request-id')).toBe('abcdefghijklmnop');
    expect(lane.requests[0]?.header('x-forwarded-for')).toContain('192.0.2.7');
    expect(lane.requests[0]?.header('x-cutover-copy')).toBe('1');
  }
});

test('goes on with its work when NGINX closes the connection right after the answer', async () => {
  const { running, candidate } = await site(echo().slow(100), echo());
  const connection = await Connection.open(running.url);
  connection.send(format({ target: '/items/1' }, 'shop.example'));
  await until(() => candidate.count() === 1, 'the copy');
  connection.close({ reset: true });
  expect((await running.settled()).pairs.shadow.compared).toBe(1);
});

test('takes bodies it does not want, short or long, and asks nobody for a write', async () => {
  const { running, legacy, candidate } = await site(echo(), echo());
  for (const bytes of [10, 60_000, 500_000]) {
    const answer = await fetchOnce(running.url, {
      method: 'POST',
      target: '/orders',
      body: 'x'.repeat(bytes),
    });
    expect(answer.status).toBe(204);
  }
  const summary = await running.settled();
  expect(summary.ineligible).toMatchObject({ method: 3 });
  expect([legacy.count(), candidate.count(), summary.lanes.legacy.requests]).toEqual([0, 0, 0]);
});

test('what is mirrored of its own copies ends there', async () => {
  const { running, legacy } = await site(echo(), echo());
  expect((await fetchOnce(running.url, { target: '/', headers: { 'X-Cutover-Copy': '1' } })).status).toBe(
    204,
  );
  expect((await running.settled()).pairs.shadow.eligible).toBe(0);
  expect(legacy.count()).toBe(0);
});

test('a legacy that fails is evidence about legacy, as everywhere', async () => {
  const { running } = await site(upstream().status(503), echo());
  await fetchOnce(running.url, { target: '/' });
  const { lanes, pairs } = await running.settled();
  expect([lanes.legacy.requests, lanes.legacy.bad, pairs.shadow.compared]).toEqual([1, 1, 1]);
});

test('under the kill switch mirrored requests are answered and nobody is asked', async () => {
  const { running, legacy, candidate } = await site(echo(), echo());
  running.gateway.setLocalBypass(true);
  expect((await fetchOnce(running.url, { target: '/' })).status).toBe(204);
  await running.settled();
  expect([legacy.count(), candidate.count()]).toEqual([0, 0]);
});

test('a mirrored request has its noise leg: legacy is asked twice, and answers of its own are no class', async () => {
  let turn = 0;
  const noisy = upstream().respond(() => ({ body: { turn: (turn += 1) } }));
  const { running, legacy, candidate } = await site(noisy, echo(), { noiseShare: 1 });
  for (let at = 0; at < 10; at += 1) await fetchOnce(running.url, { target: `/items/${at}` });
  const { pairs } = await running.settled();
  expect([pairs.shadow.compared, pairs.shadow.noise?.sent]).toEqual([10, 10]);
  expect([legacy.count(), candidate.count()]).toEqual([20, 10]);
});
