import { expect, test } from 'vitest';
import { upstreamConfig, upstreamPolicy } from '../kit/snapshot.ts';
import { compiled, everyProblemOf, SMALLEST, told } from './kit.ts';

const file = (legacy: string, rest = '') =>
  [
    'listen: [{ address: 127.0.0.1:8080 }]',
    `legacy: { servers: [http://127.0.0.1:8081, http://127.0.0.1:8082]${legacy} }`,
    'candidate: { servers: [http://127.0.0.1:7001] }',
    rest,
  ].join('\n');

test('says nothing about servers and gets every default from the table of limits', () => {
  expect(compiled(file('')).gateway.legacy).toEqual(
    upstreamConfig('legacy', 'http://127.0.0.1:8081', 'http://127.0.0.1:8082'),
  );
});

test('compiles everything that can be said about servers', () => {
  const text = `, balance: hash, hashKey: { header: X-User }, weights: [3, 1],
  retries: { budget: 5%, tries: 2 }, slowStart: 0ms, timeouts: { firstByte: 2s, total: 0ms },
  ejection: { failures: 3, share: 10%, time: 2s, maxTime: 1m, maxShare: 30% },
  health: { path: '/up?full', interval: 1s, timeout: 500ms, healthy: 1, unhealthy: 4 }`;
  expect(compiled(file(text)).gateway.legacy.policy).toEqual(
    upstreamPolicy({
      balance: 'hash',
      hashKey: { header: 'x-user' },
      weights: [3, 1],
      retries: { budget: 0.05, tries: 2 },
      ejection: { failures: 3, share: 0.1, timeMs: 2_000, maxTimeMs: 60_000, maxShare: 0.3 },
      health: { path: '/up?full', intervalMs: 1_000, timeoutMs: 500, healthy: 1, unhealthy: 4 },
      slowStartMs: 0,
      timeouts: { connectMs: null, firstByteMs: 2_000, idleMs: null, totalMs: 0 },
    }),
  );
});

test('hash goes by the sticky key of the rollout unless it has one of its own', () => {
  const rollout = 'rollout: { stickyKey: { cookie: sid } }';
  const { gateway } = compiled(file(', balance: hash', rollout));
  expect(gateway.legacy.policy.hashKey).toEqual({ cookie: 'sid' });
});

test.each([
  [
    'weights that are too few',
    ', weights: [1]',
    ['2:68 expected one weight for each server, or none | write weights: [3, 1] for two servers'],
  ],
  [
    'an unknown balance',
    ', balance: round-robbin',
    ['2:77 expected one of: round-robin, least-request, hash | did you mean "round-robin"?'],
  ],
  [
    'a budget without its unit',
    ', retries: { budget: 0.2 }',
    ['2:87 expected a share | write it with its unit: 10%, 0.5%'],
  ],
  [
    'a longest ejection that is shorter than the first',
    ', ejection: { time: 10s, maxTime: 5s }',
    [
      '2:86 the longest ejection is shorter than the first | make maxTime (30s if left out) at least as long as time',
    ],
  ],
  ['a health without a path', ', health: {}', ['2:68 the key "path" is missing | for example: /healthz']],
  ['a misspelt key', ', ejections: {}', ['2:68 unknown key "ejections" | did you mean "ejection"?']],
])('refuses %s, with its place and a hint', (_name, legacy, said) => {
  expect(told(file(legacy))).toEqual(said);
});

test('keys of servers stand at an upstream, not beside upstreams', () => {
  const text = [
    'listen: [{ address: 127.0.0.1:8080 }]',
    'legacy: { servers: [http://127.0.0.1:8081] }',
    'candidate:',
    '  balance: hash',
    '  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }',
    '  routes: [{ name: all, upstream: shop }]',
  ].join('\n');
  expect(told(text)).toEqual(['4:3 balance goes with servers | move it to an upstream']);
});

test('says that hashKey does nothing without balance: hash, and that a connect without an end hangs', () => {
  const text = [
    'listen: [{ address: 127.0.0.1:8080 }]',
    'legacy: { servers: [http://127.0.0.1:8081], hashKey: { cookie: sid } }',
    'candidate:',
    '  upstreams:',
    '    shop: { servers: [http://127.0.0.1:7001], balance: least-request, hashKey: { cookie: sid } }',
    '    fine: { servers: [http://127.0.0.1:7001], balance: hash, hashKey: { cookie: sid }, timeouts: { connect: 0ms } }',
    '  routes: [{ name: a, match: { path: /a }, upstream: shop }, { name: b, match: { path: / }, upstream: fine }]',
    '',
  ].join('\n');
  expect(told(text)).toEqual([
    '2:45 hashKey does nothing without balance: hash | add balance: hash, or remove it',
    '5:71 hashKey does nothing without balance: hash | add balance: hash, or remove it',
    '6:109 a server that does not accept is waited for as long as the system tries, some two minutes | write 2s (if left out)',
  ]);
});

test('errors stand before warnings, each in the order of the file', () => {
  const text = `${SMALLEST}limits: { exchanges: 3, connections: 2, loopDelay: 1ms }\nworkres: 2\nbanana: 1\n`;
  expect(everyProblemOf(text).map(({ severity, line }) => `${severity} ${line}`)).toEqual([
    'error 5',
    'error 6',
    expect.stringMatching(/^warning/),
    'warning 4',
    'warning 4',
  ]);
});
