import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { request, TestGroup } from './kit.ts';

const failures = (test: TestGroup, host: string, count: number) => {
  for (let index = 0; index < count; index += 1) test.fail(host);
};

test('failures in a row eject a server, a success in between does not count', () => {
  const group = new TestGroup(['a', 'b', 'c']);
  failures(group, 'a', LIMITS.ejectionFailures - 1);
  group.server('a').breaker.succeeded();
  failures(group, 'a', LIMITS.ejectionFailures - 1);
  expect(group.counts(30)).toEqual({ a: 10, b: 10, c: 10 });
  group.fail('a');
  expect(group.counts(30)).toEqual({ b: 15, c: 15 });
});

test('a share of failures ejects a server, too, and is forgotten after its window', () => {
  const group = new TestGroup(['a', 'b', 'c']);
  const half = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      group.fail('a');
      group.server('a').breaker.succeeded();
    }
  };
  half(9);
  group.nowMs += LIMITS.ejectionWindowMs + 1;
  half(9);
  expect(group.server('a').breaker.state).toBe('closed');
  group.fail('a');
  group.fail('a');
  expect(group.server('a').breaker.state).toBe('open');
});

test('exactly one request probes an ejected server, and its success brings it back', () => {
  const group = new TestGroup(['a', 'b', 'c']);
  group.fail('a', true);
  expect(group.picks(10)).not.toContain('a');
  group.nowMs += LIMITS.ejectionTimeMs;
  expect(group.picks(1)).toEqual(['a']);
  expect(group.group.isProbe).toBe(true);
  expect(group.picks(40)).not.toContain('a');
  group.group.close(group.server('a'));
  expect(group.counts(30)).toEqual({ a: 10, b: 10, c: 10 });
});

test('each further ejection lasts twice as long, up to its limit, and a good while forgets it', () => {
  const group = new TestGroup(['a', 'b']);
  group.fail('a', true);
  let lengthMs: number = LIMITS.ejectionTimeMs;
  for (let round = 0; round < 8; round += 1) {
    group.nowMs += lengthMs - 1;
    expect(group.picks(4)).not.toContain('a');
    group.nowMs += 1;
    expect(group.picks(1)).toEqual(['a']);
    group.group.failed(group.server('a'), true, 'probe');
    lengthMs = Math.min(lengthMs * 2, LIMITS.ejectionMaxTimeMs);
  }
  expect(lengthMs).toBe(LIMITS.ejectionMaxTimeMs);
  group.group.close(group.server('a'));
  group.nowMs += LIMITS.ejectionMaxTimeMs;
  group.fail('a', true);
  group.nowMs += LIMITS.ejectionTimeMs;
  expect(group.picks(1)).toEqual(['a']);
});

test('a probe that was given up is made again at once', () => {
  const group = new TestGroup(['a', 'b']);
  group.fail('a', true);
  group.nowMs += LIMITS.ejectionTimeMs;
  expect(group.picks(1)).toEqual(['a']);
  group.server('a').breaker.release();
  expect(group.picks(1)).toEqual(['a']);
});

test('a request that may not be repeated probes only when nothing else comes', () => {
  const group = new TestGroup(['a', 'b']);
  group.fail('a', true);
  group.nowMs += LIMITS.ejectionTimeMs;
  expect(group.picks(2, request('POST'))).toEqual(['b', 'b']);
  group.nowMs += LIMITS.probePatienceMs;
  expect(group.picks(1, request('POST'))).toEqual(['a']);
});

test('no more than half of the servers are ejected for what they answer', () => {
  const group = new TestGroup(['a', 'b', 'c', 'd']);
  for (const host of ['a', 'b', 'c', 'd']) failures(group, host, LIMITS.ejectionFailures);
  expect(Object.keys(group.counts(40))).toEqual(['c', 'd']);
  expect([group.group.ejections, group.group.isPanicking]).toEqual([2, false]);
});

test('all but one may be ejected for being out of reach, and when all are, all are used', () => {
  const group = new TestGroup(['a', 'b', 'c', 'd']);
  for (const host of ['a', 'b', 'c']) group.fail(host, true);
  expect([group.counts(8), group.group.isPanicking]).toEqual([{ d: 8 }, false]);
  group.fail('d', true);
  expect(group.counts(8)).toEqual({ a: 2, b: 2, c: 2, d: 2 });
  expect(group.group.isPanicking).toBe(true);
});

test('too many servers that failed their active health are used after all, unless out of reach', () => {
  const group = new TestGroup(['a', 'b', 'c', 'd']);
  group.unhealthy.add('a').add('b');
  group.group.followHealth();
  expect(group.counts(8)).toEqual({ c: 4, d: 4 });
  group.unhealthy.add('c');
  group.group.followHealth();
  expect(group.group.isPanicking).toBe(true);
  expect(group.counts(8)).toEqual({ a: 2, b: 2, c: 2, d: 2 });
  group.fail('a', true);
  group.group.followHealth();
  expect(group.group.isPanicking).toBe(false);
  expect(group.counts(8)).toEqual({ d: 8 });
  group.unhealthy.add('d');
  group.group.followHealth();
  expect(group.group.isPanicking).toBe(true);
  expect(group.counts(9)).toEqual({ b: 3, c: 3, d: 3 });
});

test('a failure that began before an ejection changes nothing about it', () => {
  const group = new TestGroup(['a', 'b', 'c']);
  group.fail('a', true);
  failures(group, 'a', 20);
  group.group.failed(group.server('a'), true, 'open');
  expect(group.group.ejections).toBe(1);
  group.nowMs += LIMITS.ejectionTimeMs;
  expect(group.picks(1)).toEqual(['a']);
});

test('the share of a server that returned grows over the configured time', () => {
  const group = new TestGroup(['a', 'b'], { slowStartMs: 10_000 });
  group.fail('a', true);
  group.nowMs += LIMITS.ejectionTimeMs;
  expect(group.picks(1)).toEqual(['a']);
  group.group.close(group.server('a'));
  const shares = [0, 2_500, 5_000, 7_500, 10_000].map((afterMs, index, all) => {
    group.nowMs += afterMs - (all[index - 1] ?? 0);
    return (group.counts(1_000)['a'] ?? 0) / 1_000;
  });
  const expected = [0.1 / 1.1, 0.25 / 1.25, 0.5 / 1.5, 0.75 / 1.75, 0.5];
  for (const [index, share] of shares.entries()) expect(share).toBeCloseTo(expected[index] as number, 1);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
});

test('servers that stay keep what is known about them when others come and go', () => {
  const group = new TestGroup(['a', 'b', 'c']);
  group.fail('a', true);
  const kept = group.server('a');
  group.become(['a', 'b', 'd']);
  expect(group.server('a')).toBe(kept);
  expect(Object.keys(group.counts(20)).toSorted()).toEqual(['b', 'd']);
  group.become(['a']);
  expect(group.group.only).toBe(kept);
});

test('another server is one that was not tried, and an ejected one when nothing else is left', () => {
  const group = new TestGroup(['a', 'b', 'c']);
  group.fail('c', true);
  const [a, b, c] = ['a', 'b', 'c'].map((host) => group.server(host));
  expect(group.group.another(request(), [a as never])).toBe(b);
  expect(group.group.another(request(), [a, b] as never)).toBe(c);
  expect(group.group.isProbe).toBe(true);
  expect(group.group.hasAnother([a, b] as never)).toBe(false);
});
