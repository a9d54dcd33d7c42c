/**
 * Attack: "psychic" signatures. For ECDSA r and s are zero, or the order of the curve, or r is the public point's; for RSA
 * the signature is zero, one, or the modulus; or it is anything at all, of the right length or another.
 * Known from: CVE-2022-21449 (Java 15 to 18); jwt_tool's `-X p`.
 * Why it works: the equation of ECDSA holds for zeros unless a verifier refuses them first.
 * Cutover: signatures are verified by OpenSSL, which does; this file makes sure of it.
 */
import { test } from 'vitest';
import { AUDIENCE, encoded, ISSUER, nowS, signingKey } from '../kit/tokens.ts';
import { expectDenied, tokenStage, withToken } from './jwt-kit.ts';

const claims = encoded({ sub: 'admin', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 600 });
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const ZERO = Buffer.alloc(32);
const ONE = Buffer.from(`${'00'.repeat(31)}01`, 'hex');

test('an ECDSA signature of zeros, of the order of the curve or of the wrong form is none', async () => {
  const key = await signingKey('k1', 'ES256');
  const on = await tokenStage({ key });
  const x = Buffer.from(String(key.jwk['x']), 'base64url');
  const parts = [ZERO, ONE, ORDER, x, Buffer.alloc(32, 0xff)];
  const signatures = [
    ...parts.flatMap((r) => parts.map((s) => Buffer.concat([r, s]))),
    // The same as DER, which is another algorithm's form.
    Buffer.from('3006020100020100', 'hex'),
    Buffer.alloc(63),
    Buffer.alloc(65),
    Buffer.alloc(128),
    Buffer.alloc(1),
  ];
  const tokens = signatures.map(
    (signature) => `${encoded({ alg: 'ES256', kid: 'k1' })}.${claims}.${signature.toString('base64url')}`,
  );
  await expectDenied(on, tokens.map(withToken));
});

test('an RSA signature that is zero, one, the modulus or short is none', async () => {
  const key = await signingKey('k1', 'RS256');
  const on = await tokenStage({ key });
  const modulus = Buffer.from(String(key.jwk['n']), 'base64url');
  const one = Buffer.alloc(256);
  one[255] = 1;
  const signatures = [Buffer.alloc(256), one, modulus, Buffer.alloc(255), Buffer.alloc(257), Buffer.alloc(1)];
  const tokens = ['RS256', 'PS256'].flatMap((alg) =>
    signatures.map(
      (signature) => `${encoded({ alg, kid: 'k1' })}.${claims}.${signature.toString('base64url')}`,
    ),
  );
  await expectDenied(on, tokens.map(withToken));
});

test('one bit of a good token is changed, wherever that is, and it is denied', async () => {
  const on = await tokenStage();
  const token = await on.token();
  const tokens: string[] = [];
  for (let at = 0; at < token.length; at += 3) {
    const other = token[at] === 'A' ? 'B' : 'A';
    if (token[at] !== '.') tokens.push(token.slice(0, at) + other + token.slice(at + 1));
  }
  await expectDenied(on, tokens.map(withToken));
});
