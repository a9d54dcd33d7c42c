import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { Connection, KeepAliveClient, fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { UpstreamBuilder } from '../kit/upstream.ts';

const REQUESTS = 60;

/** Milliseconds of each of a client's requests on one kept-alive connection. */
async function ask(url: string, count = REQUESTS): Promise<number[]> {
  const client = new KeepAliveClient(url);
  const took: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedMs = monotonicMs();
    const answer = await client.request({ target: `/item/${index}` });
    took.push(monotonicMs() - startedMs);
    expect(answer.body.toString()).toBe('{"from":"legacy"}');
  }
  client.close();
  return took;
}

function shadow(rest: Partial<ReturnType<typeof gatewayConfig>['shadow']>) {
  return { shadow: { ...gatewayConfig('http://a:1', 'http://b:1').shadow, ...rest } };
}

function expectExact({ pairs: { shadow } }: ReturnType<InProcessGateway['summary']>): void {
  expect(shadow.eligible).toBe(
    shadow.notSampled + shadow.dropped + shadow.tooLarge + shadow.candidateSaturated + shadow.sent,
  );
  expect(shadow.sent).toBe(
    shadow.compared +
      shadow.shadowFailed +
      shadow.timedOut +
      shadow.clientAborted +
      shadow.responseTooLarge +
      shadow.diffDropped +
      shadow.pending,
  );
}

const TROUBLE: [what: string, candidate: UpstreamBuilder, outcome: string][] = [
  ['hangs', upstream().hangs(), 'timedOut'],
  ['resets every connection', upstream().resets(), 'shadowFailed'],
  [
    'resets in the middle of its answer',
    upstream()
      .json({ from: 'x'.repeat(99) })
      .resets('after-head'),
    'shadowFailed',
  ],
  ['drips one byte a second', upstream().json({ from: 'candidate' }).drips(1), 'timedOut'],
  ['refuses connections', upstream().refuses(), 'shadowFailed'],
  ['answers garbage', upstream().garbage(), 'shadowFailed'],
  [
    'breaks off its body',
    upstream()
      .json({ from: 'x'.repeat(99) })
      .truncates(),
    'shadowFailed',
  ],
  ['lies about its length', upstream().json({ from: 'legacy' }).tooLong(), 'compared'],
];

test.each(TROUBLE)(
  'answers the client at full speed when the shadow %s',
  async (_what, candidate, outcome) => {
    const both = await lanes(undefined, candidate);
    const { url, summary, settled, classes } = await inProcessGateway(both, {}, shadow({ timeoutMs: 700 }));
    const took = await ask(url);
    // One stalled request would take the 700 ms that a copy is given.
    expect(Math.max(...took)).toBeLessThan(500);
    expectExact(summary());
    const end = await settled();
    expectExact(end);
    expect(end.pairs.shadow.sent).toBe(REQUESTS);
    expect(end.pairs.shadow[outcome as 'timedOut']).toBeGreaterThan(REQUESTS * 0.9);
    expect(end.lanes.legacy).toMatchObject({ requests: REQUESTS, bad: 0 });
    if (outcome === 'compared') return;
    // What gave no answer has nothing that could be compared, and is a class all the same.
    const found = classes();
    expect(found['regressed status/200-none']).toBeGreaterThan(REQUESTS * 0.9);
    expect(Object.keys(found)).toHaveLength(1);
  },
);

test('a lying candidate is found out and the client never hears of it', async () => {
  const both = await lanes(
    upstream().json({ from: 'legacy', total: 10 }),
    upstream().json({ from: 'legacy', total: 10 }).lies({ field: 'total', value: 11 }),
  );
  const { url, settled, classes } = await inProcessGateway(both);
  const answer = await fetchOnce(url);
  expect(answer.body.toString()).toBe('{"from":"legacy","total":10}');
  await settled();
  expect(classes()).toEqual({ 'json_value /total': 1 });
});

test('copies the candidate does not answer fill the cap and then count against it', async () => {
  const both = await lanes(undefined, upstream().hangs());
  const { url, summary, settled } = await inProcessGateway(
    both,
    {},
    shadow({ timeoutMs: 4_000, maxInFlight: 5 }),
  );
  await ask(url, 5);
  const full = monotonicMs();
  await until(() => monotonicMs() - full > LIMITS.saturatedMs, 'the cap to be full for long enough');
  await ask(url, 15);
  const { pairs } = summary();
  expect(pairs.shadow).toMatchObject({ sent: 5, candidateSaturated: 15, dropped: 0 });
  const end = await settled();
  expectExact(end);
  expect(end.pairs.shadow.joint.error.plus).toBeGreaterThanOrEqual(end.pairs.shadow.candidateSaturated);
});

test('what was sent equals what the candidate counted, minus what never left', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both, { sample: 0.5 });
  const client = new KeepAliveClient(url);
  for (let index = 0; index < 300; index += 1)
    await client.request({ method: index % 10 === 0 ? 'POST' : 'GET' });
  client.close();
  const { pairs, ineligible } = await settled();
  expect(both.candidate.count()).toBe(
    pairs.shadow.sent - pairs.shadow.neverSent - pairs.shadow.answeredByFilter,
  );
  expect(both.legacy.count()).toBe(300);
  expect(ineligible).toEqual({ method: 30 });
});

test('a body over the limit is proxied and not copied', async () => {
  const both = await lanes(upstream().respond((request) => ({ body: String(request.body.length) })));
  const route = { ...gatewayConfig('http://a:1', both.candidate.url).candidate };
  const candidate = { ...route, routes: route.routes.map((one) => ({ ...one, copyWrites: true })) };
  const { url, settled } = await inProcessGateway(
    both,
    {},
    { candidate, ...shadow({ requestBodyBytes: 1_000 }) },
  );
  const big = await fetchOnce(url, { method: 'PUT', body: Buffer.alloc(5_000) });
  expect(big.body.toString()).toBe('5000');
  await fetchOnce(url, { method: 'PUT', body: Buffer.alloc(900), headers: { 'Idempotency-Key': 'k1' } });
  const { pairs } = await settled();
  expect([pairs.shadow.tooLarge, pairs.shadow.sent]).toEqual([1, 1]);
  expect(both.candidate.requests[0]?.body.length).toBe(900);
  expect(both.candidate.requests[0]?.header('idempotency-key')).toBe('k1-cutover-copy');
  expect(both.legacy.requests[1]?.header('idempotency-key')).toBe('k1');
});

test('an answer over the limit reaches the client whole and is compared by its hash', async () => {
  const body = 'y'.repeat(20_000);
  const both = await lanes(
    upstream().respond(() => ({ body })),
    upstream().respond(() => ({ body })),
  );
  const { url, settled } = await inProcessGateway(both, {}, shadow({ answerBytes: 10_000 }));
  expect((await fetchOnce(url)).body.length).toBe(20_000);
  expect((await settled()).pairs.shadow).toMatchObject({ responseTooLarge: 0, compared: 1 });
});

test('a client that goes away takes its copy out of the evidence', async () => {
  const both = await lanes(upstream().json({ from: 'legacy' }).slow(400));
  const { url, settled } = await inProcessGateway(both);
  const connection = await Connection.open(url);
  connection.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => both.candidate.count() === 1, 'the copy');
  connection.close({ reset: true });
  const end = await settled();
  expectExact(end);
  expect(end.pairs.shadow).toMatchObject({ sent: 1, clientAborted: 1, joint: { error: { n: 0 } } });
});

test('the candidate that is slow to answer does not hold up the next request on the same connection', async () => {
  const both = await lanes(undefined, upstream().json({ from: 'candidate' }).slow(300));
  const { url, settled } = await inProcessGateway(both);
  const took = await ask(url, 10);
  expect(took.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(300);
  expect((await settled()).pairs.shadow.compared).toBe(10);
});

test('a copy is sent once, also when its kept-alive connection breaks', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both);
  await ask(url, 10);
  await settled();
  await both.candidate.become(upstream().resets());
  await ask(url, 10);
  const { pairs } = await settled();
  expect([both.candidate.count(), pairs.shadow.sent, pairs.shadow.shadowFailed]).toEqual([20, 20, 10]);
  expect(pairs.shadow.failures).toEqual({ upstream_reset: 10 });
});
