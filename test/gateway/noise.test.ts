import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { KeepAliveClient } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { gatewayConfig, upstreamConfig } from '../kit/snapshot.ts';
import { upstream } from '../kit/upstream.ts';
import type { UpstreamBuilder } from '../kit/upstream.ts';

const SHADOW = gatewayConfig('http://a:1', 'http://b:1').shadow;

/** Three real servers: legacy, its second instance, the candidate. */
async function stage(
  builders: { legacy: UpstreamBuilder; second: UpstreamBuilder; candidate: UpstreamBuilder },
  shadow: Partial<typeof SHADOW> = {},
  rollout: Parameters<typeof inProcessGateway>[1] = {},
) {
  const [legacy, second, candidate] = await Promise.all([
    builders.legacy.start(),
    builders.second.start(),
    builders.candidate.start(),
  ]);
  // Where writes may be copied, they are asked once by either lane all the same.
  const lane = gatewayConfig(legacy.url, candidate.url).candidate;
  const routes = lane.routes.map((each) => ({ ...each, copyWrites: true }));
  const gateway = await inProcessGateway({ legacy, candidate }, rollout, {
    candidate: { ...lane, routes },
    secondLegacy: upstreamConfig('legacy-again', second.url),
    shadow: { ...SHADOW, noiseShare: 1, ...shadow },
  });
  return { gateway, legacy, second, candidate };
}

async function ask(url: string, count: number, from: string, method = 'GET'): Promise<number[]> {
  const client = new KeepAliveClient(url);
  const took: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedMs = monotonicMs();
    const answer = await client.request({ method, target: `/item/${index}` });
    took.push(monotonicMs() - startedMs);
    expect(answer.body.toString()).toContain(from);
  }
  client.close();
  return took;
}

/** chosen = dropped + sent; sent = compared + losses by kind + pending: exactly. */
function expectExact(gateway: InProcessGateway, direction: 'shadow' | 'reverse' = 'shadow') {
  const { noise } = gateway.summary().pairs[direction];
  if (noise === null) throw new Error('no noise leg was counted');
  expect(noise.chosen).toBe(noise.dropped + noise.sent);
  expect(noise.sent).toBe(
    Object.values(noise.outcomes).reduce((sum, count) => sum + count, 0) + noise.pending,
  );
  return noise;
}

/** A clock that moves with every answer of a server, as a field that is noisy by itself. */
function ticking(from: string, wrong = false): UpstreamBuilder {
  let ticks = 0;
  return upstream().respond(() => {
    ticks += 1;
    return { body: { from, at: ticks * 7, ok: !wrong } };
  });
}

test('legacy is compared with itself on real servers: its noise is known as noise, and what is planted is not', async () => {
  const legacy = ticking('one');
  const { gateway, second, candidate } = await stage({
    legacy,
    second: upstream().respond(({ target }) => ({
      body: { from: 'one', at: target.length * 3, ok: true },
    })),
    candidate: upstream().respond(({ target }) => ({
      body: { from: 'one', at: target.length * 5, ok: false },
    })),
  });
  await ask(gateway.url, 140, 'one');
  await gateway.settled();
  const noise = expectExact(gateway);
  expect(noise).toMatchObject({ chosen: 140, sent: 140, pending: 0, outcomes: { compared: 140 } });
  // All that is evidence, and in each of it the candidate alone is wrong about `ok`.
  expect(noise.unexplained).toEqual({ n: 120, plus: 120, minus: 0 });
  expect([second.count(), candidate.count()]).toEqual([140, 140]);
  const tallies = gateway.deltas.flatMap(({ classes }) => classes);
  const sum = (path: string, key: 'plus' | 'minus' | 'both') =>
    tallies.reduce((total, each) => total + (each.path === path ? (each.evidence?.[key] ?? 0) : 0), 0);
  expect([sum('/ok', 'plus'), sum('/ok', 'minus'), sum('/ok', 'both')]).toEqual([120, 0, 0]);
  expect(sum('/at', 'both')).toBeGreaterThan(110);
});

test('the second legacy gets what the first one got, marked as a copy, and no write twice', async () => {
  const { gateway, legacy, second, candidate } = await stage(
    { legacy: ticking('l'), second: ticking('l'), candidate: ticking('l') },
    { stripHeaders: ['authorization'] },
  );
  const client = new KeepAliveClient(gateway.url);
  const headers = { authorization: 'Bearer abc', 'accept-language': 'de' };
  await client.request({ target: '/a?x=1', headers });
  await client.request({ method: 'POST', target: '/b', headers, body: 'x' });
  client.close();
  await gateway.settled();
  expect(candidate.requests.map(({ method }) => method).toSorted()).toEqual(['GET', 'POST']);
  expect(second.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['GET /a?x=1']);
  const [first] = legacy.requests;
  const [again] = second.requests;
  for (const name of ['host', 'authorization', 'accept-language', 'x-forwarded-for', 'x-request-id']) {
    expect([name, again?.header(name)]).toEqual([name, first?.header(name)]);
  }
  expect([first?.header('x-cutover-copy'), again?.header('x-cutover-copy')]).toEqual([undefined, '1']);
});

const TROUBLE: [what: string, second: UpstreamBuilder, outcome: string][] = [
  ['hangs', upstream().hangs(), 'timed_out'],
  ['resets every connection', upstream().resets(), 'shadow_failed'],
  ['refuses connections', upstream().refuses(), 'shadow_failed'],
  ['drips one byte a second', ticking('l').drips(1), 'timed_out'],
];

test.each(TROUBLE)(
  'a second legacy that %s costs noise evidence and nothing else',
  async (_, second, outcome) => {
    const { gateway } = await stage(
      { legacy: ticking('l'), second, candidate: ticking('l') },
      { timeoutMs: 500 },
    );
    const took = await ask(gateway.url, 40, 'l');
    const { pairs } = await gateway.settled();
    const noise = expectExact(gateway);
    expect(noise.outcomes[outcome as 'timed_out']).toBe(40);
    expect(noise.unexplained.n).toBe(0);
    expect(pairs.shadow).toMatchObject({ sent: 40, compared: 40, candidateSaturated: 0, shadowFailed: 0 });
    expect(pairs.shadow.joint.error).toMatchObject({ plus: 0, minus: 0 });
    // Half of the timeout: no client ever waited for the second legacy.
    expect(took.toSorted((one, other) => one - other)[20]).toBeLessThan(250);
  },
);

test('a second legacy that hangs fills its own places only, and what does not fit is counted', async () => {
  const { gateway, candidate } = await stage(
    { legacy: ticking('l'), second: upstream().hangs(), candidate: ticking('l') },
    { timeoutMs: 3_000, maxInFlight: 5 },
  );
  await ask(gateway.url, 60, 'l');
  const early = expectExact(gateway);
  expect(early.sent).toBeGreaterThanOrEqual(5);
  expect(early.dropped).toBe(60 - early.sent);
  await gateway.settled();
  expect(candidate.count()).toBe(60);
  expect(expectExact(gateway)).toMatchObject({ chosen: 60, pending: 0 });
});

test('in reverse both answers of legacy are copies, and are compared all the same', async () => {
  const { gateway, legacy, second } = await stage(
    { legacy: ticking('l'), second: ticking('l'), candidate: ticking('c') },
    {},
    { phase: 'enforce' },
  );
  await ask(gateway.url, 50, 'c');
  await gateway.settled();
  const noise = expectExact(gateway, 'reverse');
  expect(noise).toMatchObject({
    sent: 50,
    outcomes: { compared: 50 },
    unexplained: { n: 30, plus: 30, minus: 0 },
  });
  expect([legacy.count(), second.count()]).toEqual([50, 50]);
});

test('a share is drawn by the ids of requests, and either leg leaves first in half of them', async () => {
  const order: string[] = [];
  const noting = (name: string) =>
    upstream().respond((request) => {
      order.push(`${name} ${request.header('x-request-id')}`);
      return { body: { from: 'l' } };
    });
  const { gateway, second } = await stage(
    { legacy: ticking('l'), second: noting('again'), candidate: noting('candidate') },
    { noiseShare: 0.5 },
  );
  await ask(gateway.url, 400, 'l');
  await gateway.settled();
  const noise = expectExact(gateway);
  // Five standard deviations of a binomial.
  expect(Math.abs(noise.chosen - 200)).toBeLessThan(50);
  expect(second.count()).toBe(noise.chosen);
  const ids = order.filter((line) => line.startsWith('again')).map((line) => line.slice(6));
  const before = ids.filter((id) => order.indexOf(`again ${id}`) < order.indexOf(`candidate ${id}`));
  expect(before.length / ids.length).toBeGreaterThan(0.25);
  expect(before.length / ids.length).toBeLessThan(0.75);
});
