/**
 * Attack: tokens that are dear to look at: of 15 KiB, with claims a thousand levels deep, with thousands of members, and a new
 * one in every request.
 * Known from: RFC 8725, section 3; floods against every endpoint that verifies signatures.
 * Why it works: base64, JSON and signatures cost time, and whoever sends a token need not have a good one.
 * Cutover: 8 KiB at the most, refused before anything is decoded; all that needs no signature is asked before it; few signatures
 * are verified at once, and requests that need none never wait for one.
 */
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { get } from './kit.ts';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

test('a token of more than eight kilobytes is denied although its signature is true', async () => {
  const on = await tokenStage();
  const sized = (chars: number): string =>
    signedRaw(on.key, { claims: { ...CLAIMS, pad: 'x'.repeat(chars) } });
  const tokens = [sized(6_200), sized(8_192), sized(10_000)];
  expect(tokens.map((token) => token.length > 8_192)).toEqual([true, true, true]);
  await expectDenied(on, tokens.map(withToken), withToken(sized(5_000)));
  // Above the limit on heads nobody looks for a token at all.
  expect(await on.send(withToken(sized(16_000)))).toContain('HTTP/1.1 431 ');
});

test('claims that are deep or many are read in no time, and what is behind them is denied', async () => {
  const on = await tokenStage();
  const deep = `{"exp":1,"a":${'['.repeat(2_500)}${']'.repeat(2_500)}}`;
  const many = `{${Array.from({ length: 700 }, (_, at) => `"k${at}":0`).join()}}`;
  const startedMs = monotonicMs();
  await expectDenied(
    on,
    Array.from({ length: 20 }, () => [deep, many])
      .flat()
      .map((claims) => withToken(signedRaw(on.key, { claims }))),
  );
  expect(monotonicMs() - startedMs).toBeLessThan(10_000);
});

test('while forged tokens come as fast as they can, a verified one is served each time', async () => {
  const on = await tokenStage({ filter: { require: [] } });
  const token = await on.token();
  await on.send(withToken(token));
  const [header = '', , signature = ''] = token.split('.');
  const forged = Array.from({ length: 400 }, (_, at) => {
    const claims = Buffer.from(JSON.stringify({ ...CLAIMS, jti: String(at) })).toString('base64url');
    return get('/guarded', `Authorization: Bearer ${header}.${claims}.${signature}`);
  });
  on.legacy.forget();
  const flood = Promise.all(forged.map(on.send));
  for (let turn = 0; turn < 50; turn += 1) expect(await on.send(withToken(token))).toContain('HTTP/1.1 200 ');
  const answers = await flood;
  expect(answers.every((text) => /^HTTP\/1\.1 (?:401|503) /.test(text))).toBe(true);
  // What could not be looked at is answered 503 with a time to come again, and is let in no more than the rest.
  for (const text of answers.filter((answer) => answer.startsWith('HTTP/1.1 503')))
    expect(text).toContain('Retry-After: 1');
  expect(on.legacy.requests.length).toBe(50);
});
