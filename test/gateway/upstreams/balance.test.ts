import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../../src/core/headers.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { balancerOf } from '../../../src/gateway/upstreams/balance.ts';
import { upstreamPolicy } from '../../kit/snapshot.ts';
import { request, TestGroup } from './kit.ts';

const user = (index: number) => request('GET', ['X-Real-IP', `10.0.${index >> 8}.${index & 255}`]);

test('asks servers in turn, each as often as its weight says and evenly spread', () => {
  expect(new TestGroup(['a', 'b', 'c']).picks(6).join('')).toMatch(/^(abc|acb|bac|bca|cab|cba)\1$/);
  const weighted = new TestGroup(['a', 'b'], { weights: [3, 1] });
  expect(weighted.counts(400)).toEqual({ a: 300, b: 100 });
  expect(weighted.picks(8).join('')).not.toMatch(/bb/);
});

test('least request takes the least loaded for its weight, and a random one of equals', () => {
  const servers = [
    { share: 1, load: 5, seed: 0, credit: 0 },
    { share: 1, load: 2, seed: 1, credit: 0 },
    { share: 4, load: 9, seed: 2, credit: 0 },
  ];
  const pick = (seed: number, from: typeof servers) =>
    balancerOf(upstreamPolicy({ balance: 'least-request' }), seededRandom(seed)).pick(
      from,
      new HeaderFields(),
    ).seed;
  expect(pick(1, servers)).toBe(2);
  expect(pick(1, servers.slice(0, 2))).toBe(1);
  const idle = servers.map((server) => ({ ...server, share: 1, load: 0 }));
  const drawn = Array.from({ length: 600 }, (_, seed) => pick(seed, idle));
  for (const seed of [0, 1, 2]) {
    const share = drawn.filter((one) => one === seed).length / drawn.length;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.42);
  }
});

test('a sticky user stays, whichever of cookie, header or address names him', () => {
  for (const [hashKey, fields] of [
    [{ cookie: 'sid' }, ['Cookie', 'a=1; sid=u7']],
    [{ header: 'x-user' }, ['X-User', 'u7']],
    [{ address: true }, []],
  ] as const) {
    const group = new TestGroup(['a', 'b', 'c', 'd'], { balance: 'hash', hashKey });
    const known = [...fields, 'X-Real-IP', '10.0.0.1'];
    expect(new Set(group.picks(50, request('GET', known))).size).toBe(1);
    const strangers = group.counts(200, user);
    expect(Object.keys(strangers).length).toBe(4);
  }
});

test('hash gives every server its share of the users', () => {
  const even = new TestGroup(['a', 'b', 'c', 'd'], { balance: 'hash' }).counts(4_000, user);
  for (const count of Object.values(even)) expect(Math.abs(count - 1_000)).toBeLessThan(130);
  const weighted = new TestGroup(['a', 'b'], { balance: 'hash', weights: [3, 1] }).counts(4_000, user);
  expect(Math.abs((weighted['a'] ?? 0) - 3_000)).toBeLessThan(130);
});

test('hash moves only the users of a server that leaves, whichever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), (size, at) => {
      const hosts = Array.from({ length: size }, (_, index) => `10.1.0.${index}`);
      const gone = hosts[at % size] as string;
      const test = new TestGroup(hosts, { balance: 'hash' });
      const before = Array.from({ length: 200 }, (_, index) => test.picks(1, user(index))[0] as string);
      test.fail(gone, true);
      for (const [index, host] of before.entries()) {
        const [now] = test.picks(1, user(index));
        if (host === gone) expect(now).not.toBe(gone);
        else expect(now).toBe(host);
      }
    }),
    { numRuns: 30 },
  );
});

test('every balancer picks only servers that are in use, whatever happened to them', () => {
  const event = fc.record({
    kind: fc.constantFrom('refuse', 'fail', 'time', 'sick', 'well', 'pick'),
    at: fc.nat(5),
  });
  const balance = fc.constantFrom('round-robin' as const, 'least-request' as const, 'hash' as const);
  fc.assert(
    fc.property(balance, fc.array(event, { maxLength: 60 }), (by, events) => {
      const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
      const test = new TestGroup(hosts, { balance: by, slowStartMs: 5_000 });
      for (const { kind, at } of events) {
        const host = hosts[at] as string;
        if (kind === 'time') test.nowMs += 700;
        else if (kind === 'sick' || kind === 'well') {
          if (kind === 'sick') test.unhealthy.add(host);
          else test.unhealthy.delete(host);
          test.group.followHealth();
        } else if (kind === 'pick') {
          const before = test.group.servers.map((one) => one.breaker.state);
          const picked = test.group.pick(user(at));
          const was = before[test.group.servers.indexOf(picked)];
          if (test.group.isProbe) expect(was).toBe('open');
          else if (!test.group.isPanicking) expect([was, picked.isHealthy]).toEqual(['closed', true]);
        } else test.fail(host, kind === 'refuse');
      }
    }),
  );
});
