import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { KeyRing } from '../../src/auth/key-ring.ts';
import { VerifiedTokens } from '../../src/auth/verified-tokens.ts';
import { VerifyGate } from '../../src/auth/verify-gate.ts';
import { LIMITS } from '../../src/core/limits.ts';

const jwk = (kid: string): object => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
});
const set = (...keys: object[]): string => JSON.stringify({ keys });
const ring = new KeyRing(set(jwk('a')));
const key = ring.find('a', 'ES256') as NonNullable<ReturnType<KeyRing['find']>>;
const good = { result: { ok: true, claims: {} }, key, chars: 100 } as const;
const bad = { result: { ok: false, reason: 'signature' }, key } as const;

test('a verified token is known until its end, and for no longer than it is kept', () => {
  const tokens = new VerifiedTokens();
  tokens.keep('short', good, 1_000, 0);
  tokens.keep('long', good, Number.MAX_SAFE_INTEGER, 0);
  expect([tokens.get('short', 999), tokens.get('short', 1_000)]).toEqual([good.result, null]);
  expect(tokens.get('long', LIMITS.verifiedTokenMs - 1)).toBe(good.result);
  expect(tokens.get('long', LIMITS.verifiedTokenMs)).toBeNull();
  expect(tokens.size).toBe(0);
});

test('a flood of bad tokens pushes no good one out, and is itself bounded', () => {
  const tokens = new VerifiedTokens();
  tokens.keep('good', good, 1e12, 0);
  for (let at = 0; at < 3 * LIMITS.refusedTokens; at += 1) tokens.refuse(`bad ${at}`, bad, 0);
  expect(tokens.get('good', 1)).toBe(good.result);
  const known = Array.from({ length: 3 * LIMITS.refusedTokens }, (_, at) => tokens.get(`bad ${at}`, 1));
  expect(known.filter((each) => each !== null).length).toBe(LIMITS.refusedTokens);
  expect(tokens.get(`bad ${3 * LIMITS.refusedTokens - 1}`, LIMITS.refusedTokenMs)).toBeNull();
});

test('good tokens are bounded in number and in size, and the oldest go first', () => {
  const tokens = new VerifiedTokens();
  for (let at = 0; at <= LIMITS.verifiedTokens; at += 1) tokens.keep(`t${at}`, good, 1e12, 0);
  expect([tokens.size, tokens.get('t0', 1), tokens.get('t1', 1)]).toEqual([
    LIMITS.verifiedTokens,
    null,
    good.result,
  ]);
  const large = new VerifiedTokens();
  const chars = Math.floor(LIMITS.verifiedTokenChars / 10);
  for (let at = 0; at < 25; at += 1) large.keep(`t${at}`, { ...good, chars }, 1e12, 0);
  // The same one again is no second one.
  for (let at = 0; at < 25; at += 1) large.keep('t24', { ...good, chars }, 1e12, 0);
  expect(large.size).toBe(10);
});

test('a key that is published no more takes its tokens with it, one that stays keeps them', () => {
  const [a, b] = [jwk('a'), jwk('b')];
  const before = new KeyRing(set(a, b));
  const [first, second] = ['a', 'b'].map((kid) => before.find(kid, 'ES256'));
  if (!first || !second) throw new Error('no keys');
  const tokens = new VerifiedTokens();
  tokens.keep('of a', { ...good, key: first }, 1e12, 0);
  tokens.keep('of b', { ...good, key: second }, 1e12, 0);
  const after = new KeyRing(set(b, jwk('c')), before);
  expect([tokens.get('of a', 1), tokens.get('of b', 1)]).toEqual([null, good.result]);
  expect([after.find('a', 'ES256'), after.find('b', 'ES256')]).toEqual([null, second]);
});

test('a few verify, some wait in their order, and a further one is sent away at once', async () => {
  const gate = new VerifyGate();
  for (let at = 0; at < LIMITS.verifications; at += 1) expect(gate.enter()).toBe(true);
  const order: number[] = [];
  const waiting = Array.from({ length: LIMITS.verificationsWaiting }, async (_, at) => {
    await gate.enter();
    order.push(at);
  });
  expect(gate.enter()).toBe(false);
  for (let at = 0; at < LIMITS.verificationsWaiting; at += 1) gate.leave();
  await Promise.all(waiting);
  expect(order).toEqual(waiting.map((_, at) => at));
  for (let at = 0; at < LIMITS.verifications; at += 1) gate.leave();
  expect(gate.enter()).toBe(true);
});
