import { expect, test } from 'vitest';
import type { RolloutView } from '../../src/core/snapshot.ts';
import { headerOf } from '../kit/answer-reader.ts';
import type { ClientRequest } from '../kit/http-client.ts';
import { KeepAliveClient, fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { upstream } from '../kit/upstream.ts';

const STAFF = { header: ['x-canary', 'internal'], cookie: null, host: null, from: ['127.0.0.0/8'] } as const;

/** Which lane answers one request. */
async function laneOf(url: string, request: ClientRequest = {}): Promise<string> {
  return headerOf(await fetchOnce(url, request), 'x-cutover-lane') ?? '';
}

function asUser(sid: number): ClientRequest {
  return { headers: { Cookie: `theme=dark; sid=user-${sid}` } };
}

/** Users of 0 to count−1 whom the candidate answers. */
async function shifted(url: string, count: number): Promise<number[]> {
  const client = new KeepAliveClient(url);
  const users: number[] = [];
  for (let sid = 0; sid < count; sid += 1) {
    if (headerOf(await client.request(asUser(sid)), 'x-cutover-lane') === 'candidate') users.push(sid);
  }
  client.close();
  return users;
}

test('canary gives internal traffic to the candidate and everybody else to legacy', async () => {
  const { url, settled } = await inProcessGateway(await lanes(), { phase: 'canary', canary: [STAFF] });
  expect(await laneOf(url, { headers: { 'X-Canary': 'internal' } })).toBe('candidate');
  expect(await laneOf(url, { headers: { 'X-Canary': 'other' } })).toBe('legacy');
  expect(await laneOf(url)).toBe('legacy');
  const { pairs } = await settled();
  expect([pairs.reverse.sent, pairs.shadow.sent]).toEqual([1, 2]);
});

test('a canary header from a foreign address is only a header', async () => {
  const match = { ...STAFF, from: ['10.0.0.0/8'] };
  const { url } = await inProcessGateway(await lanes(), { phase: 'canary', canary: [match] });
  expect(await laneOf(url, { headers: { 'X-Canary': 'internal' } })).toBe('legacy');
});

test('canary matches a cookie and a host, and every given part must hold', async () => {
  const match = { header: null, cookie: ['beta', 'yes'], host: 'staging.example', from: [] } as const;
  const { url } = await inProcessGateway(await lanes(), { phase: 'canary', canary: [match] });
  const host = { Host: 'staging.example:8080' };
  expect(await laneOf(url, { headers: { ...host, Cookie: 'a=b; beta=yes' } })).toBe('candidate');
  expect(await laneOf(url, { headers: { ...host, Cookie: 'beta=no' } })).toBe('legacy');
  expect(await laneOf(url, { headers: { Cookie: 'beta=yes' } })).toBe('legacy');
});

test('raising a share from 5 to 50 percent keeps the first users where they are', async () => {
  const { url, apply } = await inProcessGateway(await lanes(), {
    phase: 'regional',
    shares: { 'eu-west': 0.05 },
  });
  const few = await shifted(url, 400);
  expect(few.length).toBeGreaterThan(4);
  expect(few.length).toBeLessThan(45);
  apply({ rollout: { shares: { 'eu-west': 0.5 } } });
  const many = await shifted(url, 400);
  expect(many.length).toBeGreaterThan(150);
  expect(many.length).toBeLessThan(250);
  expect(few.every((user) => many.includes(user))).toBe(true);
});

test('a share of one region leaves the other region alone', async () => {
  const listeners = [
    { host: '127.0.0.1', port: 0, region: 'eu-west' },
    { host: '127.0.0.1', port: 0, region: 'us-east' },
  ];
  const rollout = { phase: 'regional', shares: { 'eu-west': 1 } } as const;
  const { urls, settled } = await inProcessGateway(await lanes(), rollout, { listeners });
  expect(await laneOf(urls[0] as string)).toBe('candidate');
  expect(await laneOf(urls[1] as string)).toBe('legacy');
  expect((await settled()).regions).toEqual({
    'eu-west': { requests: 1, candidateRequests: 1 },
    'us-east': { requests: 1, candidateRequests: 0 },
  });
});

test('a region named by a header is believed from trusted addresses only', async () => {
  const rollout = { phase: 'regional', shares: { 'us-east': 1 } } as const;
  for (const [from, lane] of [
    ['127.0.0.0/8', 'candidate'],
    ['10.0.0.0/8', 'legacy'],
  ] as const) {
    const config = { regionHeader: { name: 'x-edge-region', from: [from] } };
    const { url } = await inProcessGateway(await lanes(), rollout, config);
    expect(await laneOf(url, { headers: { 'X-Edge-Region': 'us-east' } })).toBe(lane);
  }
});

test('a region made up by a header never becomes a label', async () => {
  const config = { regionHeader: { name: 'x-edge-region', from: ['127.0.0.0/8'] } };
  const { url, settled } = await inProcessGateway(await lanes(), {}, config);
  await fetchOnce(url, { headers: { 'X-Edge-Region': 'A"} evil' } });
  expect(Object.keys((await settled()).regions)).toEqual(['eu-west']);
});

test('enforce answers everything from the candidate and copies a share back to legacy', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both, { phase: 'enforce', reverseSample: 0.25 });
  const client = new KeepAliveClient(url);
  for (let index = 0; index < 200; index += 1) await client.request();
  client.close();
  const { pairs } = await settled();
  expect(both.candidate.count()).toBe(200);
  expect(pairs.reverse.sent).toBe(both.legacy.count());
  expect(pairs.reverse.sent).toBeGreaterThan(25);
  expect(pairs.reverse.sent).toBeLessThan(75);
});

test('retired asks the candidate alone', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both, { phase: 'retired' });
  expect(await laneOf(url)).toBe('candidate');
  expect([(await settled()).pairs.reverse.sent, both.legacy.count()]).toEqual([0, 0]);
});

test.each(['shadow', 'canary', 'regional', 'enforce', 'retired'] as const)(
  'bypass gives everything to legacy and copies nothing in %s',
  async (phase: RolloutView['phase']) => {
    const both = await lanes();
    const { url, settled } = await inProcessGateway(both, {
      phase,
      bypass: true,
      canary: [STAFF],
      shares: { 'eu-west': 1 },
    });
    expect(await laneOf(url, { headers: { 'X-Canary': 'internal' } })).toBe('legacy');
    await settled();
    expect(both.candidate.count()).toBe(0);
  },
);

test('the local kill switch wins over every snapshot until it is turned off', async () => {
  const { url, gateway, apply } = await inProcessGateway(await lanes(), { phase: 'enforce' });
  gateway.setLocalBypass(true);
  expect(await laneOf(url)).toBe('legacy');
  apply({ rollout: { phase: 'enforce', epoch: 2 } });
  expect(await laneOf(url)).toBe('legacy');
  gateway.setLocalBypass(false);
  expect(await laneOf(url)).toBe('candidate');
});

test('a request that runs while the phase changes stays on its lane', async () => {
  const both = await lanes(undefined, upstream().json({ from: 'candidate' }).slow(150));
  const { url, apply } = await inProcessGateway(both, { phase: 'enforce' });
  const running = fetchOnce(url);
  while (both.candidate.count() === 0) await new Promise((resolve) => setImmediate(resolve));
  apply({ rollout: { phase: 'shadow', epoch: 2 } });
  const answer = await running;
  expect([headerOf(answer, 'x-cutover-lane'), headerOf(answer, 'x-cutover-epoch')]).toEqual([
    'candidate',
    '1',
  ]);
  expect(await laneOf(url)).toBe('legacy');
});

test('the sample is the promised share of requests within three standard deviations', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both, { sample: 0.1 });
  const client = new KeepAliveClient(url);
  const n = 1_500;
  for (let index = 0; index < n; index += 1) await client.request();
  client.close();
  const { pairs } = await settled();
  expect(pairs.shadow.eligible).toBe(n);
  expect(Math.abs(pairs.shadow.sent - n * 0.1)).toBeLessThan(3 * Math.sqrt(n * 0.1 * 0.9));
  expect(both.candidate.count()).toBe(pairs.shadow.sent);
});

test('users without a value in their cookie are not moved together', async () => {
  const { url } = await inProcessGateway(await lanes(), { phase: 'regional', shares: { 'eu-west': 0.5 } });
  const byAddress = await laneOf(url);
  expect(await laneOf(url, { headers: { Cookie: 'sid=' } })).toBe(byAddress);
});
