/**
 * Attack: a certificate that is genuine and for something else: a server's, an authority's own, or one that says nothing
 * about what it is for. Whoever runs any web server of the company has one.
 * Known from: OpenSSL and Node, which let a certificate without extended key usage be anybody's (measured).
 * Why it works: the chain is in order, so that only what the certificate is for tells the two apart, and verification
 * of a server's own kind does not ask for it.
 * Cutover: the extended key usage must be there and name clients; an authority is no client.
 */
import { test } from 'vitest';
import { makeAuthority, makeCertificate, PURPOSES } from '../kit/certificate-maker.ts';
import { clientsOf, expectDenied, expectServed, family, secured, secureStage } from './tls-kit.ts';

test('a certificate without an extended key usage is no client', async () => {
  const { root, client } = family();
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: makeCertificate({ by: root, purposes: null }) }, 403);
  await expectServed(on, { as: client });
});

test('a certificate of a server is no client', async () => {
  const { root, client } = family();
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: makeCertificate({ by: root, purposes: [PURPOSES.server] }) }, 0);
  await expectDenied(on, { as: makeCertificate({ by: root, purposes: [PURPOSES.any] }) }, 0);
  await expectServed(on, { as: makeCertificate({ by: root, purposes: [PURPOSES.server, PURPOSES.client] }) });
  await expectServed(on, { as: client });
});

test('an authority is no client of itself or of its parent', async () => {
  const purposes = [PURPOSES.client];
  const root = makeAuthority('root', { signs: true, purposes });
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: makeAuthority('below', { by: root, signs: true, purposes }) }, 403);
  await expectDenied(on, { as: makeAuthority('below', { by: root, purposes }) }, 0);
  await expectDenied(on, { as: root }, 403);
  await expectServed(on, { as: makeCertificate({ by: root }) });
});
