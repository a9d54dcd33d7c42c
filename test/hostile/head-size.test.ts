/**
 * Attack: a head that never ends, or costs more to read than to send. Ten thousand fields, a megabyte in one, values made
 * for a slow regular expression.
 * Known from: CVE-2024-27983 and its family (HTTP/2 CONTINUATION), CVE-2018-12121 (Node), many ReDoS advisories.
 * Why it works: memory grows until the head is complete, or one head blocks the loop for everybody.
 * Cutover: 16 KiB and 100 fields a head, 8 KiB a target; every byte is looked at once; no expression that can go back is
 * run on what a peer sends without a bound.
 */
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { expectRefused, get, stage, statuses } from './kit.ts';

test.each([
  ['ten thousand fields', get('/x', ...Array.from({ length: 10_000 }, (_, at) => `X-${at}: y`)), 431],
  ['one field more than allowed', get('/x', ...Array.from({ length: LIMITS.headFields }, () => 'X: y')), 431],
  ['a megabyte in one value', get('/x', `X: ${'y'.repeat(1024 * 1024)}`), 431],
  ['a name of 20 KiB', get('/x', `${'x'.repeat(20_000)}: y`), 431],
  ['a value without an end', `GET /x HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(20_000)}`, 431],
  ['a megabyte of target', get(`/${'x'.repeat(1024 * 1024)}`), 414],
  ['a target one byte too long', get(`/${'x'.repeat(LIMITS.targetBytes)}`), 414],
  ['escapes that grow over the limit', get(`/${'\u00c3\u00a9'.repeat(2_000)}`), 414],
  ['a method of 1,000 letters', `${'A'.repeat(1_000)} /x HTTP/1.1\r\nHost: a\r\n\r\n`, 501],
])('refuses %s and forwards nothing', async (_name, bytes, status) => {
  await expectRefused(await stage(), bytes, status);
});

test('serves the largest head that is allowed', async () => {
  const on = await stage();
  const fields = Array.from({ length: LIMITS.headFields - 1 }, (_, at) => `X-${at}: ${'y'.repeat(100)}`);
  expect(statuses(await on.send(get('/x', ...fields)))).toEqual([200]);
});

const N = 15_000;
test.each([
  ['blanks', `X: ${' '.repeat(N)}y`],
  ['tabs and blanks before the end', `X: y${' \t'.repeat(N / 2)}`],
  ['blanks in Connection', `Connection: a${' '.repeat(N)}a`],
  ['semicolons in Cookie', `Cookie: ${';'.repeat(N)}`],
  ['blanks in Cookie', `Cookie: ${' '.repeat(N)}sid=1`],
  ['commas in X-Forwarded-For', `X-Forwarded-For: ${','.repeat(N)}`],
  ['colons in X-Forwarded-For', `X-Forwarded-For: [${':'.repeat(N)}`],
  ['dots in Host', `X-Host: ${'a.'.repeat(N / 2)}`],
  ['dashes in traceparent', `traceparent: ${'00-'.repeat(N / 3)}`],
  ['dots in a token', `Authorization: Bearer ${'e30.'.repeat(N / 4)}`],
])('is not slowed down by a value made for a slow expression: %s', async (_name, line) => {
  const on = await stage({ config: () => ({ trustedProxies: ['127.0.0.0/8'] }), rollout: { sample: 1 } });
  await on.send(get('/warm-up'));
  const startedMs = monotonicMs();
  const text = await on.send(get('/x', line));
  expect(statuses(text)).toEqual([200]);
  // Linear work on 15 KiB takes well under a millisecond; quadratic work takes seconds.
  expect(monotonicMs() - startedMs).toBeLessThan(2_000);
});

test.each([
  ['dots in Host', `GET /x HTTP/1.1\r\nHost: ${'a.'.repeat(5_000)}!\r\n\r\n`],
  ['dashes in Host', `GET /x HTTP/1.1\r\nHost: ${'-'.repeat(10_000)}!\r\n\r\n`],
  ['an authority', `GET http://${'a.'.repeat(3_000)}! HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['dot segments', `GET ${'/x/..'.repeat(1_500)}/../../ HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['commas in Connection', get('/x', `Connection: ${','.repeat(N)}`)],
  ['names in Connection', get('/x', `Connection: ${'a,'.repeat(N / 2)}`)],
])('refuses what is made for slow work at once: %s', async (_name, bytes) => {
  const on = await stage();
  const startedMs = monotonicMs();
  await expectRefused(on, bytes);
  expect(monotonicMs() - startedMs).toBeLessThan(2_000);
});
