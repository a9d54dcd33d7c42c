/**
 * Attack: a token inside a token, encrypted ones, and ones that unpack. A JWS whose payload is a JWT, a JWE where a JWS is
 * expected (its five parts, or `enc` in a signed one), `zip: DEF` that unpacks to gigabytes, PBES2 with a million rounds.
 * Known from: CVE-2023-51774 (JWE taken for JWS), CVE-2024-33664 (zip bomb), CVE-2022-36083 and CVE-2023-50967
 * (`p2c`).
 * Why it works: one `decode(token)` for every kind of token; the work that a header asks for is done before anything is proven.
 * Cutover: one kind of token is read. Five parts are no form of it, and no header makes it unpack, decrypt or derive.
 */
import { CompactEncrypt } from 'jose';
import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { deflateRawSync } from 'node:zlib';
import { monotonicMs } from '../../src/core/clock.ts';
import { encoded } from '../kit/tokens.ts';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

test('a token inside a token is not opened, whatever its header says', async () => {
  const on = await tokenStage();
  const inner = await on.token();
  const tokens = ['JWT', 'jwt', 'application/jwt', undefined].flatMap((cty) => {
    const header = cty === undefined ? {} : { cty };
    return [
      signedRaw(on.key, { header, claims: inner }),
      signedRaw(on.key, { header, claims: JSON.stringify(inner) }),
      signedRaw(on.key, { header, claims: { jwt: inner } }),
    ];
  });
  await expectDenied(on, tokens.map(withToken));
});

test('an encrypted token is not a signed one, with five parts or in disguise', async () => {
  const on = await tokenStage();
  const publicKey = createPublicKey({ key: on.key.jwk, format: 'jwk' });
  const text = new TextEncoder().encode(JSON.stringify(CLAIMS));
  const jwe = await new CompactEncrypt(text)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM', kid: 'k1' })
    .encrypt(publicKey);
  const [header = '', , iv = '', cipher = ''] = jwe.split('.');
  const tokens = [
    jwe,
    `${header}.${iv}.${cipher}`,
    signedRaw(on.key, { header: { enc: 'A128GCM' } }),
    signedRaw(on.key, { header: { alg: 'ECDH-ES', enc: 'A128GCM' } }),
    signedRaw(on.key, { header: { alg: 'dir', enc: 'A256GCM' } }),
  ];
  await expectDenied(on, tokens.map(withToken));
});

test('a token that asks for work is denied before any of it is done', async () => {
  const on = await tokenStage();
  const bomb = deflateRawSync(Buffer.alloc(4 * 1_048_576, ' ')).toString('base64url');
  const rounds = { alg: 'PBES2-HS512+A256KW', enc: 'A256CBC-HS512', p2s: 'AAAA', p2c: 2_000_000_000 };
  const tokens = [
    signedRaw(on.key, { header: { zip: 'DEF' }, claims: bomb.slice(0, 4_000), unencoded: true }),
    signedRaw(on.key, { header: { zip: 'DEF' } }),
    signedRaw(on.key, { header: rounds }),
    `${encoded(rounds)}.AAAA.AAAA.AAAA.AAAA`,
  ];
  const startedMs = monotonicMs();
  await expectDenied(on, tokens.map(withToken));
  expect(monotonicMs() - startedMs).toBeLessThan(5_000);
});
