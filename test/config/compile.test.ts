import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { inOrder } from '../../src/core/route-order.ts';
import type { RouteConfig } from '../../src/core/snapshot.ts';
import type { RolloutPlan } from '../../src/rollout/state.ts';
import { upstreamConfig } from '../kit/snapshot.ts';
import { SMALLEST, compiled, load } from './kit.ts';

/** The example of the design, without what this build refuses. */
const EXAMPLE = `listen:
  - { address: 127.0.0.1:8080, region: eu-west }
admin: { address: 127.0.0.1:9901 }
node: { region: eu-west }
region: { header: x-edge-region, from: [10.0.0.0/8], cidrs: { 10.0.0.0/8: us-east, 10.1.0.0/16: eu-west } }
trustedProxies: [10.0.0.0/8]
workers: 2
runDir: ./run
store: { sqlite: ./cutover.db, retention: { windows: 30d, examples: 7d, maxBytes: 2GiB } }
legacy: { servers: [http://127.0.0.1:8081] }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001, http://127.0.0.1:7002], hostHeader: shop.internal } }
  routes:
    - { name: rest, match: { path: / }, upstream: shop }
    - { name: api, match: { path: /api/, methods: [GET] }, upstream: shop, critical: true }
    - { name: own, match: { host: Shop.Example, path: / }, upstream: shop, fallback: legacy }
rollout:
  stickyKey: { cookie: sid }
  window: 10s
  shadow:   { sample: 10%, maxRate: 500/s, dwell: 15m }
  canary:   { match: [ { header: { X-Canary: internal }, from: 10.0.0.0/8 } ], dwell: 60m }
  regional: { steps: [ { region: eu-west, share: 5% }, { region: eu-west, share: 100% }, { region: us-east, share: 100% } ], dwell: 24h, approval: required }
  enforce:  { reverseShadow: 1% }
  gates:    { errorRate: { margin: auto }, tail: { margin: 0.5pp }, differences: { margin: 0.1pp }, bake: { badWindows: 1% } }
`;

const BY_HAND = { approval: false, automatic: false };

test('compiles the example of the design', () => {
  const { gateway, plan, node } = compiled(EXAMPLE);
  expect(gateway.candidate.routes.map((route) => route.name)).toEqual(['own', 'api', 'rest']);
  expect(gateway.candidate.routes[0]?.match).toEqual({ host: 'shop.example', path: '/', methods: [] });
  expect(gateway.candidate.upstreams[0]?.hostHeader).toBe('shop.internal');
  expect(gateway.regionHeader).toEqual({ name: 'x-edge-region', from: ['10.0.0.0/8'] });
  expect(gateway.regionCidrs.map(({ region }) => region)).toEqual(['eu-west', 'us-east']);
  expect(gateway.shadow).toMatchObject({ sample: 0.1, maxRate: 500, rampMs: 30_000, timeoutMs: 10_000 });
  expect(plan).toEqual({
    candidateVersion: null,
    windowMs: 10_000,
    shadow: { sample: 0.1, dwellMs: 900_000, maxDurationMs: 86_400_000, ...BY_HAND },
    canary: {
      match: [{ header: ['x-canary', 'internal'], cookie: null, host: null, from: ['10.0.0.0/8'] }],
      dwellMs: 3_600_000,
      maxDurationMs: 259_200_000,
      minRequests: 20,
      ...BY_HAND,
    },
    regional: {
      steps: [
        { region: 'eu-west', share: 0.05 },
        { region: 'eu-west', share: 1 },
        { region: 'us-east', share: 1 },
      ],
      dwellMs: 86_400_000,
      maxDurationMs: 1_209_600_000,
      ...BY_HAND,
      approval: true,
    },
    enforce: { reverseSample: 0.01, dwellMs: 86_400_000 },
    gates: { minPairs: 1_000, errorRate: 'auto', tail: 0.005, differences: 0.001, badWindows: 0.01 },
  });
  expect(node).toMatchObject({ workers: 2, admin: { host: '127.0.0.1', port: 9901 } });
  expect(node.store).toMatchObject({
    windowsMs: 2_592_000_000,
    examplesMs: 604_800_000,
    maxBytes: 2 * 1024 ** 3,
  });
});

test('gives the rollout a plan of its own shape', () => {
  const plan: RolloutPlan = compiled(EXAMPLE).plan;
  expect(plan.regional.steps).toHaveLength(3);
});

test('gives servers as long as NGINX does, before an answer and inside one', () => {
  const { timeouts } = compiled(SMALLEST).gateway;
  // nginx.org, ngx_http_proxy_module: proxy_read_timeout is 60 s, between two reads.
  expect([timeouts.firstByteMs, timeouts.upstreamIdleMs]).toEqual([60_000, 60_000]);
});

test('takes every default from the table of limits', () => {
  const { gateway, plan, node } = compiled(SMALLEST);
  expect(gateway.timeouts).toEqual({
    headMs: LIMITS.headTimeoutMs,
    clientBodyIdleMs: LIMITS.clientBodyIdleMs,
    clientWriteIdleMs: LIMITS.clientWriteIdleMs,
    keepAliveIdleMs: LIMITS.keepAliveIdleMs,
    connectMs: LIMITS.connectTimeoutMs,
    firstByteMs: LIMITS.firstByteTimeoutMs,
    upstreamIdleMs: LIMITS.upstreamIdleTimeoutMs,
    totalMs: LIMITS.totalTimeoutMs,
    tunnelIdleMs: LIMITS.tunnelIdleMs,
    drainMs: LIMITS.drainTimeoutMs,
  });
  expect(gateway.shadow).toEqual({
    sample: 0.1,
    maxRate: 0,
    rampMs: 30_000,
    timeoutMs: LIMITS.copyTimeoutMs,
    maxInFlight: LIMITS.copiesInFlight,
    maxBytes: LIMITS.copyBytes,
    requestBodyBytes: LIMITS.copyBodyBytes,
    answerBytes: LIMITS.answerBytes,
    stripHeaders: [],
    setHeaders: [],
    noiseShare: 0,
  });
  expect(gateway.clientPace).toEqual({
    bytesPerSec: LIMITS.clientBytesPerSec,
    graceMs: LIMITS.clientGraceMs,
  });
  expect([gateway.requestBodyBytes, gateway.maxConnections]).toEqual([LIMITS.bodyBytes, LIMITS.connections]);
  expect([plan.shadow.dwellMs, plan.canary.dwellMs, plan.regional.dwellMs]).toEqual([
    900_000, 3_600_000, 86_400_000,
  ]);
  expect(node.workers).toBeLessThanOrEqual(4);
  expect(node.admin).toEqual({ host: '127.0.0.1', port: 9901 });
});

test('makes one route of a candidate that is only servers', () => {
  const { candidate } = compiled(SMALLEST).gateway;
  expect(candidate.upstreams).toEqual([upstreamConfig('candidate', 'http://127.0.0.1:7001')]);
  expect(candidate.routes).toMatchObject([
    { name: 'all', match: { host: null, path: '/', methods: [] }, upstream: 'candidate' },
  ]);
});

test('resolves relative paths against the folder of the file', () => {
  const result = load(`${SMALLEST}accessLog: { file: logs/a.log }\n`, {}, '/etc/cutover/cutover.yaml');
  expect(result.ok && [result.config.node.runDir, result.config.node.store.file]).toEqual([
    '/etc/cutover/run',
    '/etc/cutover/cutover.db',
  ]);
  expect(result.ok && result.config.gateway.accessLog).toEqual({
    file: '/etc/cutover/logs/a.log',
    sample: 1,
    rotate: null,
  });
});

test('rotation has a size and a number of files by itself, and an age when one is asked for', () => {
  const rotate = (text: string) =>
    compiled(`${SMALLEST}accessLog: { file: a, ${text} }`).gateway.accessLog?.rotate;
  expect(rotate('rotate: {}')).toEqual({ maxBytes: 256 * 1024 ** 2, maxAgeMs: 0, keep: 7 });
  expect(rotate('rotate: { maxBytes: 1MiB, maxAge: 1d, keep: 30 }')).toEqual({
    maxBytes: 1024 ** 2,
    maxAgeMs: 86_400_000,
    keep: 30,
  });
});

test('is plain data that survives the way to another process', () => {
  const config = compiled(EXAMPLE);
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
});

test('gives another hash for what shapes evidence and the same for what does not', () => {
  const hash = (added: string) => compiled(SMALLEST + added).gateway.hash;
  const base = hash('');
  expect(base).toMatch(/^[0-9a-f]{64}$/);
  const same = [
    'workers: 3',
    'runDir: /x',
    'explainHeaders: true',
    'admin: { address: 127.0.0.1:1 }',
    'accessLog: { file: a }',
    '# a comment',
    'rollout: { shadow: { sample: 10.0%, dwell: 1m } }',
    'rollout: { regional: { steps: [{ region: default, share: 5% }] } }',
  ];
  for (const added of same) expect(hash(added), added).toBe(base);
  const other = [
    'rollout: { shadow: { sample: 20% } }',
    'rollout: { window: 1s }',
    'timeouts: { connect: 1s }',
    'rollout: { gates: { tail: { margin: 1pp } } }',
    'node: { region: eu }',
    'rollout: { stickyKey: { cookie: a } }',
    'trustedProxies: [10.0.0.0/8]',
  ];
  const upstream = ['balance: hash', 'slowStart: 1s', 'health: { path: / }', 'retries: { tries: 2 }'];
  for (const key of upstream) {
    const text = SMALLEST.replace('7001]', `7001], ${key}`);
    expect(compiled(text).gateway.hash, key).not.toBe(base);
  }
  for (const added of other) expect(hash(added), added).not.toBe(base);
  expect(compiled(SMALLEST.replace('8080', '8090')).gateway.hash).toBe(base);
  expect(compiled(SMALLEST.replace('7001', '7002')).gateway.hash).not.toBe(base);
});

test('has one text for equal data, whatever its order', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
      const turned = Object.fromEntries(Object.entries(data).toReversed());
      expect(canonicalJson(turned)).toBe(canonicalJson(data));
    }),
  );
});

test('puts the more specific route first and keeps the order of equals', () => {
  const route = fc.record({
    host: fc.constantFrom(null, 'a', 'b'),
    path: fc.constantFrom('/', '/a', '/a/', '/a/b'),
    methods: fc.constantFrom([], ['GET']),
  });
  fc.assert(
    fc.property(fc.array(route), (matches) => {
      const sorted = inOrder(
        matches.map((match, index) => ({ name: String(index), match }) as unknown as RouteConfig),
      );
      sorted.slice(1).forEach((later, index) => {
        const earlier = sorted[index] as RouteConfig;
        const covers = (later.match.host === null) === (earlier.match.host === null);
        if (covers) expect(later.match.path.length).toBeLessThanOrEqual(earlier.match.path.length);
        else expect(earlier.match.host).not.toBeNull();
        const equal =
          covers &&
          later.match.path.length === earlier.match.path.length &&
          later.match.methods.length === earlier.match.methods.length;
        if (equal) expect(Number(later.name)).toBeGreaterThan(Number(earlier.name));
      });
    }),
  );
});
