/**
 * Attack: a certificate whose key can be computed, or whose signature can be forged: RSA of 1024 bits, SHA-1.
 * Known from: SHAttered (2017), the chosen-prefix collision of 2020; Logjam for short keys.
 * Why it works: a chain with one weak link verifies like any other: the mathematics is right, only the secret is not
 * secret.
 * Cutover: floors for keys and signatures, in OpenSSL's handshake and again in the policy; public keys can be pinned.
 */
import { test } from 'vitest';
import { factsOf } from '../../src/auth/certificate-facts.ts';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import { clientsOf, expectDenied, expectServed, POLICY, secured, secureStage } from './tls-kit.ts';

test('a short key and a signature over SHA-1 are refused', async () => {
  const root = makeAuthority('root');
  const on = await secureStage(secured(clientsOf(root)));
  const weakened = 'DEFAULT:@SECLEVEL=0';
  await expectDenied(on, { as: makeCertificate({ by: root, key: 'rsa1024' }), ciphers: weakened }, 0);
  await expectDenied(on, { as: makeCertificate({ by: root, hash: 'sha1' }), ciphers: weakened }, 0);
  await expectServed(on, { as: makeCertificate({ by: root, key: 'rsa2048' }) });
});

test('the policy may ask for longer keys than OpenSSL does', async () => {
  const root = makeAuthority('root', { key: 'P-384' });
  const on = await secureStage(secured(clientsOf(root, { policy: { ...POLICY, minEcBits: 384 } })));
  await expectDenied(on, { as: makeCertificate({ by: root }) }, 403);
  await expectServed(on, { as: makeCertificate({ by: root, key: 'P-384' }) });
});

test('a certificate for another key than the pinned one is refused, whoever made it', async () => {
  const root = makeAuthority('root');
  const pinned = makeCertificate({ by: root });
  const pins = [factsOf(pinned.der)?.pin ?? ''];
  const on = await secureStage(secured(clientsOf(root, { policy: { ...POLICY, pins } })));
  await expectDenied(on, { as: makeCertificate({ by: root }) }, 403);
  await expectServed(on, { as: pinned });
  await expectServed(on, { as: makeCertificate({ by: root, keys: pinned.keys, name: 'renewed' }) });
});
