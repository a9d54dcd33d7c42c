import { expect, onTestFinished, test } from 'vitest';
import { missingOf, reproduce } from '../../src/control/reproduce.ts';
import { replayExample } from '../../src/control/replay-example.ts';
import type { DifferenceDetail } from '../../src/control/schema/differences.ts';
import type { RouteConfig } from '../../src/core/snapshot.ts';
import { gatewayConfig, route, upstreamConfig } from '../kit/snapshot.ts';
import { upstream } from '../kit/upstream.ts';

const OPTIONS = { timeoutMs: 10_000, signal: new AbortController().signal, nowMs: 0 };

function detail(example: Partial<NonNullable<DifferenceDetail['class']['example']>>): DifferenceDetail {
  const difference = { kind: 'json_value', path: '/a', legacy: '1', candidate: '2' } as const;
  const seen = {
    requestId: 'r',
    atMs: 1,
    direction: 'shadow',
    epoch: 1,
    method: 'GET',
    target: '/a',
  } as const;
  return {
    schemaVersion: 1,
    class: {
      id: '0123456789abcdef',
      route: 'all',
      endpoint: 'GET /a',
      kind: 'json_value',
      path: '/a',
      count: 1,
      firstSeenMs: 1,
      lastSeenMs: 1,
      example: { ...seen, difference, ...example },
    },
    reproduce: null,
  };
}

test('a masked target is refused with what to give, and nobody is asked', async () => {
  const lane = await upstream().start();
  const config = gatewayConfig(lane.url, lane.url);
  const asked = replayExample(detail({ target: '/a?q=‹masked:query›' }), config, OPTIONS);
  await expect(asked).rejects.toMatchObject({
    code: 'MASKED',
    exitCode: 5,
    hint: expect.stringContaining('--target'),
  });
  expect(lane.count()).toBe(0);
  await lane.stop();
});

test('what changes something is never asked again', async () => {
  const config = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:1');
  const asked = replayExample(detail({ method: 'POST' }), config, OPTIONS);
  await expect(asked).rejects.toMatchObject({ code: 'NOT_SAFE', exitCode: 5 });
});

test('a lane that gives no answer is told apart from one that agrees', async () => {
  const lane = await upstream().start();
  const gone = await upstream().start();
  await gone.stop();
  const asked = replayExample(detail({}), gatewayConfig(lane.url, gone.url), OPTIONS);
  await expect(asked).rejects.toMatchObject({
    code: 'UNREACHABLE',
    exitCode: 6,
    message: expect.stringContaining('candidate'),
  });
  await lane.stop();
});

test('a curl has the fields that are known, and names those that are not', () => {
  const request = [
    ['host', 'shop.example'],
    ['accept-encoding', 'gzip'],
    ['cookie', '‹masked:field›'],
    ["x-it's", "a'b"],
  ] as [string, string][];
  const { class: found } = detail({ request, target: '/a?q=‹masked:query›' });
  const stored = { ...found, smallest: null, latest: null };
  const config = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.2:2');
  const said = reproduce(stored, config);
  expect(said?.legacy).toBe(
    String.raw`curl -si -X GET -H 'host: shop.example' -H 'accept-encoding: gzip' -H 'x-it'\''s: a'\''b' --compressed 'http://127.0.0.1:1/a?q=‹masked:query›'`,
  );
  expect(said?.candidate).toContain("'http://127.0.0.2:2/a?q=");
  expect(said?.missing).toEqual(['1 masked part of the target', 'the field cookie']);
  expect(
    missingOf({ ...(found.example as NonNullable<typeof found.example>), target: '/a', request: [] }),
  ).toEqual([]);
});

test('the curl of the candidate asks what its lane sends: rewritten, of the likeliest upstream, or nobody', () => {
  const config = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.2:2');
  const upstreams = [
    upstreamConfig('candidate', 'http://127.0.0.2:2'),
    upstreamConfig('new', 'http://127.0.0.3:3'),
  ];
  const said = (rest: Partial<RouteConfig>, target = '/a/b?c') => {
    const candidate = { upstreams, filters: [], routes: [route('all', '/a/', rest)] };
    const { class: found } = detail({ target });
    return reproduce({ ...found, smallest: null, latest: null }, { ...config, candidate });
  };
  const weights = [
    { name: 'candidate', weight: 1 },
    { name: 'new', weight: 9 },
  ];
  expect(said({ upstreams: weights })).toMatchObject({
    candidate: 'curl -si -X GET http://127.0.0.3:3/a/b?c'.replace(/http.*/, "'$&'"),
    missing: ['which upstream of candidate, new answered'],
  });
  expect(said({ rewrite: { prefix: '/v2/' } })).toMatchObject({
    legacy: "curl -si -X GET 'http://127.0.0.1:1/a/b?c'",
    candidate: "curl -si -X GET 'http://127.0.0.2:2/v2/b?c'",
    missing: [],
  });
  expect(said({ redirect: { prefix: '/new/', status: 308 }, upstream: '' })?.candidate).toBe(
    '# no server is asked: the gateway answers 308 with Location: /new/b?c',
  );
});

test('an example of a rewritten route is asked again as each lane is asked, and one that redirects is refused', async () => {
  const legacy = await upstream().json({ a: 1 }).start();
  const candidate = await upstream().json({ a: 2 }).start();
  onTestFinished(async () => void (await Promise.all([legacy.stop(), candidate.stop()])));
  const config = gatewayConfig(legacy.url, candidate.url);
  const withRoute = (rest: Partial<RouteConfig>) => ({
    ...config,
    candidate: { ...config.candidate, routes: [route('all', '/a', rest)] },
  });
  const again = await replayExample(detail({}), withRoute({ rewrite: { prefix: '/b' } }), OPTIONS);
  expect(again).toMatchObject({ differences: [{ kind: 'json_value', path: '/a' }], missing: [] });
  expect([legacy.requests[0]?.target, candidate.requests[0]?.target]).toEqual(['/a', '/b']);
  const refused = replayExample(detail({}), withRoute({ redirect: { prefix: '/b', status: 301 } }), OPTIONS);
  await expect(refused).rejects.toMatchObject({ code: 'NO_LANE', exitCode: 5 });
});

test('a lane whose servers the DNS names has no curl, and says so when it is to be asked again', async () => {
  const config = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.2:2');
  const legacy = {
    ...config.legacy,
    servers: [{ scheme: 'http', host: 'srv:_http._tcp.a.test', port: 0 } as const],
  };
  const { class: found } = detail({});
  expect(reproduce({ ...found, smallest: null, latest: null }, { ...config, legacy })).toBeNull();
  await expect(replayExample(detail({}), { ...config, legacy }, OPTIONS)).rejects.toMatchObject({
    code: 'NO_SERVER',
  });
});
