/**
 * Attack: extensions that change what a token means. `crit` names one that the verifier does not know and must not ignore;
 * `b64: false` signs another text than the one that is read as claims.
 * Known from: RFC 7515, section 4.1.11; RFC 7797, section 8; verifiers that skip `crit`.
 * Why it works: what a verifier does not know it ignores, and two readers of one token then read two tokens.
 * Cutover: a header with `crit` or `b64` is refused, whatever is in it: none of these extensions is known here.
 */
import { test } from 'vitest';
import { encoded } from '../kit/tokens.ts';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

const HEADERS = [
  { crit: ['exp'], exp: 1 },
  { crit: ['http://example.com/unknown'], 'http://example.com/unknown': true },
  { crit: [] },
  { crit: 'exp' },
  { crit: null },
  { crit: ['b64'], b64: true },
  { crit: ['b64'], b64: false },
  { b64: false },
  { b64: true },
  { b64: 'false' },
];

test('a token that wants more understood than is known here is denied', async () => {
  const on = await tokenStage();
  const tokens = HEADERS.map((header) => signedRaw(on.key, { header }));
  await expectDenied(on, tokens.map(withToken), withToken(signedRaw(on.key)));
});

test('a payload that was signed as it stands there, and not encoded, is denied', async () => {
  const on = await tokenStage();
  const header = { b64: false, crit: ['b64'] };
  const tokens = [JSON.stringify(CLAIMS), 'plain', encoded(CLAIMS)].map((claims) =>
    signedRaw(on.key, { header, claims, unencoded: true }),
  );
  await expectDenied(on, tokens.map(withToken));
});
