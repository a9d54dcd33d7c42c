/**
 * Attack: a chain that is not one: signed by nobody, by a stranger, past the limits an authority was given, or with a part
 * missing.
 * Known from: RFC 5280, section 6; the chain builders of JavaScript, which look at none of this (measured).
 * Why it works: who builds the chain by names and signatures only takes any certificate that somebody trusted has once
 * signed for an issuer.
 * Cutover: OpenSSL builds and verifies the chain in the handshake, and the connection ends before a byte of HTTP is read.
 */
import { expect, test } from 'vitest';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import {
  clientsOf,
  expectDenied,
  expectServed,
  family,
  POLICY,
  refusals,
  secured,
  secureStage,
} from './tls-kit.ts';

test('nobody comes in with a certificate of its own making, or of a stranger', async () => {
  const { root, client } = family();
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: makeCertificate({}) }, 0);
  const stranger = makeAuthority('clients');
  await expectDenied(on, { as: makeCertificate({ by: stranger }), with: [stranger] }, 0);
  expect(refusals(on)).toEqual({ client_certificate: 2 });
  await expectServed(on, { as: client });
});

test('nobody comes in without a certificate where one is required, and a bad one is no better than none', async () => {
  const { root, client } = family();
  const on = await secureStage(secured(clientsOf(root)));
  const seen = await expectDenied(on, { as: null }, 0);
  expect(seen.error).toContain('CERTIFICATE_REQUIRED');
  on.secure(secured(clientsOf(root, { mode: 'optional' })));
  await expectDenied(on, { as: makeCertificate({}) }, 0);
  await expectServed(on, { as: null });
  await expectServed(on, { as: client });
});

test('a client whose intermediate is missing is refused, and served when it sends it', async () => {
  const root = makeAuthority('root');
  const below = makeAuthority('below', { by: root });
  const client = makeCertificate({ by: below });
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: client }, 0);
  await expectServed(on, { as: client, with: [below] });
});

test('an authority that may have none below it makes no others', async () => {
  const root = makeAuthority('root');
  const narrow = makeAuthority('narrow', { by: root, pathLength: 0 });
  const grandchild = makeAuthority('grandchild', { by: narrow });
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: makeCertificate({ by: grandchild }), with: [grandchild, narrow] }, 0);
  await expectServed(on, { as: makeCertificate({ by: narrow }), with: [narrow] });
});

test('an authority makes clients under the names it was given only', async () => {
  const root = makeAuthority('root');
  const bounded = makeAuthority('bounded', { by: root, permits: ['shop.example'] });
  const on = await secureStage(secured(clientsOf(root)));
  const asked = (dns: string) => ({
    as: makeCertificate({ by: bounded, names: [['dns', dns]] }),
    with: [bounded],
  });
  await expectDenied(on, asked('bank.example'), 0);
  await expectServed(on, asked('web.shop.example'));
});

test('a chain that is longer than the policy allows is refused', async () => {
  const root = makeAuthority('root');
  const below = makeAuthority('below', { by: root });
  const on = await secureStage(secured(clientsOf(root, { policy: { ...POLICY, maxDepth: 1 } })));
  await expectDenied(on, { as: makeCertificate({ by: below }), with: [below] }, 403);
  await expectServed(on, { as: makeCertificate({ by: root }) });
});

test('a certificate that is over, or not yet valid, or valid for too long, is refused', async () => {
  const { root } = family();
  const day = (days: number) => new Date(Date.now() + days * 86_400_000);
  const on = await secureStage(
    secured(clientsOf(root, { policy: { ...POLICY, maxLifetimeMs: 90 * 86_400_000 } })),
  );
  await expectDenied(on, { as: makeCertificate({ by: root, from: day(-9), until: day(-1) }) }, 0);
  await expectDenied(on, { as: makeCertificate({ by: root, from: day(1), until: day(9) }) }, 0);
  await expectDenied(on, { as: makeCertificate({ by: root, from: day(-1), until: day(91) }) }, 403);
  await expectServed(on, { as: makeCertificate({ by: root, from: day(-1), until: day(80) }) });
});
