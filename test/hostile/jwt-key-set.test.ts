/**
 * Attack: a key set that was changed on its way or put together badly: two keys of one name, private and shared ones, keys
 * for encryption, weak ones, ones that say they are for another algorithm, and a set that is something else.
 * Known from: RFC 7517, sections 4 and 9; ROCA (CVE-2017-15361) for why strength matters.
 * Why it works: a verifier that takes the first key that fits lets whoever can add a key choose it.
 * Cutover: the whole set is refused and the last known one stays; keys that are well and for something else are left out.
 */
import { generateKeyPairSync } from 'node:crypto';
import { exportJWK } from 'jose';
import { expect, test } from 'vitest';
import { keyServer } from '../kit/key-server.ts';
import { keySetOf, signingKey, tokenOf } from '../kit/tokens.ts';
import { until } from '../kit/until.ts';
import { expectDenied, tokenStage, withToken } from './jwt-kit.ts';

const key = await signingKey('k1');
const own = await signingKey('mine');
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
const secret = await exportJWK(own.privateKey);

test.each([
  ['two keys of one name', [key.jwk, { ...own.jwk, kid: 'k1' }]],
  ['a private key', [key.jwk, { ...own.jwk, d: secret.d }]],
  ['a shared secret', [key.jwk, { kty: 'oct', k: 'c2VjcmV0', kid: 'mine', alg: 'HS256' }]],
  ['a weak key', [key.jwk, { ...weak, kid: 'mine' }]],
  ['a point off its curve', [key.jwk, { ...own.jwk, x: own.jwk['y'] }]],
])('a set with %s is refused whole, and the last known keys stay', async (_, keys) => {
  const issuer = await keyServer(keySetOf(key));
  const on = await tokenStage({ key, keys: issuer.keys({ maxAgeMs: 30, cooldownMs: 30 }) });
  issuer.publish(JSON.stringify({ keys }));
  await until(() => on.gateway.log.some((line) => line.includes('the last known keys stay')), 'the refusal');
  await expectDenied(on, [withToken(await tokenOf(own))]);
});

test.each([
  ['for encryption', { use: 'enc' }],
  ['for other operations', { use: undefined, key_ops: ['encrypt', 'wrapKey'] }],
])('a key %s or of an unknown kind verifies nothing, and the others do', async (_, purpose) => {
  const keys = [
    { ...own.jwk, ...purpose },
    { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA', kid: 'odd' },
    key.jwk,
  ];
  const issuer = await keyServer(JSON.stringify({ keys }));
  const on = await tokenStage({ key, keys: issuer.keys() });
  await expectDenied(on, [withToken(await tokenOf(own))]);
  expect(on.gateway.log).toEqual([]);
});
