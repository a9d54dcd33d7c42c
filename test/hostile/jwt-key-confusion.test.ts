/**
 * Attack: the public key as a shared secret. The header says HS256, and the HMAC is made with the text of the public key,
 * which everybody has: as PEM (PKCS 8 and PKCS 1, with and without its last line break), as DER, as the JWK itself.
 * Known from: CVE-2015-9235, CVE-2016-10555, CVE-2022-23541, CVE-2024-54150; jwt_tool's `-X k`.
 * Why it works: one `verify(token, key)` for both kinds of algorithm, and the token says which.
 * Cutover: a key is for the algorithms of its type alone, those with a shared secret are refused when the configuration
 * loads, and shared secrets are refused in key sets.
 */
import { createHmac, createPublicKey } from 'node:crypto';
import { test } from 'vitest';
import { AUDIENCE, encoded, ISSUER, keySetOf, nowS, signingKey } from '../kit/tokens.ts';
import { expectDenied, tokenStage, withToken } from './jwt-kit.ts';

const claims = { sub: 'admin', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 600 };

/** Whatever somebody may take for the secret. */
function secretsOf(jwk: Readonly<Record<string, unknown>>): Buffer[] {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const types = key.asymmetricKeyType === 'rsa' ? (['spki', 'pkcs1'] as const) : (['spki'] as const);
  const texts = types.flatMap((type) => {
    const pem = key.export({ type, format: 'pem' });
    const der = key.export({ type, format: 'der' });
    return [
      pem,
      pem.trimEnd(),
      pem.replaceAll('\n', '\r\n'),
      pem.replaceAll('\n', ''),
      der,
      der.toString('base64'),
    ];
  });
  const set = JSON.stringify({ keys: [jwk] });
  return [...texts, JSON.stringify(jwk), set, '', 'k1', String(jwk['n'] ?? jwk['x'])].map((secret) =>
    Buffer.from(secret),
  );
}

test.each(['RS256', 'ES256', 'EdDSA'])("a public key is nobody's shared secret: %s", async (alg) => {
  const key = await signingKey('k1', alg);
  const on = await tokenStage({ key, keys: { text: keySetOf(key) } });
  const tokens = (['256', '384', '512'] as const).flatMap((bits) =>
    secretsOf(key.jwk).flatMap((secret) =>
      [
        { alg: `HS${bits}`, typ: 'JWT', kid: 'k1' },
        { alg: `HS${bits}` },
        { alg: `hs${bits}`, kid: 'k1' },
      ].map((header) => {
        const signed = `${encoded(header)}.${encoded(claims)}`;
        return `${signed}.${createHmac(`sha${bits}`, secret).update(signed).digest('base64url')}`;
      }),
    ),
  );
  await expectDenied(on, tokens.map(withToken));
});

test('a key of one type does not verify what another type of signature claims', async () => {
  const rsa = await signingKey('rsa', 'RS256');
  const ec = await signingKey('ec', 'ES256');
  const on = await tokenStage({ key: rsa, keys: { text: keySetOf(rsa, ec) } });
  const good = await on.token();
  const [, payload = '', signature = ''] = good.split('.');
  const tokens = ['ES256', 'PS256', 'EdDSA', 'RS384', 'rs256', 'RS256 '].flatMap((alg) =>
    ['rsa', 'ec'].map((kid) => `${encoded({ alg, kid })}.${payload}.${signature}`),
  );
  await expectDenied(on, tokens.map(withToken));
});
