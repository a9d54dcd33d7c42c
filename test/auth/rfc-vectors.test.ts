import { afterEach, expect, test, vi } from 'vitest';
import { KeyRing } from '../../src/auth/key-ring.ts';
import { isSigned } from '../../src/auth/signature.ts';
import { readKeySet } from '../../src/core/key-set.ts';
import { statuses } from '../hostile/kit.ts';
import { tokenStage, withToken } from '../hostile/jwt-kit.ts';
import type { TokenStage } from '../hostile/jwt-kit.ts';
import { TEXTS, TOKENS } from './rfc-vectors.ts';
import type { Vector } from './rfc-vectors.ts';

const ALL = [...TOKENS, ...TEXTS];
/** A minute before the claims of RFC 7515 expire, and the moment itself. */
const BEFORE_MS = 1_300_819_320_000;
const EXPIRED_MS = 1_300_819_380_000;

afterEach(() => void vi.useRealTimers());

/** The keys of these vectors, as the gateway takes them from a file. */
function setOf({ jwk }: Vector): string {
  const set = readKeySet(JSON.stringify({ keys: [jwk] }));
  if (!set.ok) throw new Error(set.problems.join());
  return set.text;
}

/** The token with one bit of its signature turned, for each of some bits from the first to the last. */
function turned({ token }: Vector): string[] {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  const last = signature.length * 8 - 1;
  return [0, 1, 7, 8, last >> 1, (last >> 1) + 1, last - 1, last].map((bit) => {
    const other = Buffer.from(signature);
    other[bit >> 3] = (other[bit >> 3] as number) ^ (128 >> (bit & 7));
    return `${token.slice(0, dot + 1)}${other.toString('base64url')}`;
  });
}

/** The token with one bit of what was signed turned. */
function changed({ token }: Vector): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(payload, 'base64url');
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  return `${header}.${bytes.toString('base64url')}.${signature}`;
}

test.each(ALL)('the signature of $name is good, and with a bit changed it is not', async (vector) => {
  const { token, alg, jwk } = vector;
  const key = new KeyRing(setOf(vector)).find(jwk['kid'] ?? null, alg);
  if (key === null) throw new Error('no key');
  expect(await isSigned(token, alg, key)).toBe(true);
  for (const other of [...turned(vector), changed(vector)])
    expect({ other, good: await isSigned(other, alg, key) }).toEqual({ other, good: false });
});

test.each(ALL)('no other key of the examples verifies $name', async ({ token, alg, jwk }) => {
  for (const other of ALL.filter((each) => each.jwk['n'] !== jwk['n'] || each.jwk['x'] !== jwk['x'])) {
    const ring = new KeyRing(setOf(other));
    const key = ring.find(null, alg);
    expect(key !== null && (await isSigned(token, alg, key))).toBe(false);
  }
});

/** A running gateway that believes in this key and in this issuer. */
async function gatewayFor(vector: Vector, issuer: string | null): Promise<TokenStage> {
  const algorithms = [vector.alg];
  return await tokenStage({ keys: { text: setOf(vector) }, issuer: { issuer, audience: [], algorithms } });
}

async function statusOf(on: TokenStage, token: string): Promise<number[]> {
  return statuses(await on.send(withToken(token)));
}

test.each(TOKENS)('a gateway lets $name in until it expires, and nothing else', async (vector) => {
  vi.useFakeTimers({ toFake: ['Date'], now: BEFORE_MS });
  const on = await gatewayFor(vector, 'joe');
  for (const other of [...turned(vector), changed(vector)]) expect(await statusOf(on, other)).toEqual([401]);
  await on.gateway.settled();
  expect([on.legacy.bytes, on.candidate.bytes]).toEqual(['', '']);
  expect(await statusOf(on, vector.token)).toEqual([200]);
  expect(await statusOf(on, vector.token)).toEqual([200]);
  vi.setSystemTime(EXPIRED_MS);
  expect(await statusOf(on, vector.token)).toEqual([401]);
});

test.each(TEXTS)('a gateway takes $name for no token: its payload is no claims', async (vector) => {
  const on = await gatewayFor(vector, null);
  expect(await statusOf(on, vector.token)).toEqual([401]);
  await on.gateway.settled();
  expect([on.legacy.bytes, on.candidate.bytes]).toEqual(['', '']);
});
