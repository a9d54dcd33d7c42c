/**
 * Attack: certificates that a careless authority signs: an authority that calls itself a client, a client whose key may sign
 * certificates, limits where none can be, numbers and names that readers take for others.
 * Known from: RFC 5280, section 4; the vectors of x509-limbo, of which OpenSSL lets a dozen pass without `-x509_strict`,
 * which Node cannot switch on (measured). Node's `X509Certificate.ca` says no to `CA:TRUE` without `keyCertSign`.
 * Why it works: each reader goes by another one of two fields that say the same.
 * Cutover: whichever of both says authority is believed, and the rules are asked of the whole chain.
 */
import { expect, test } from 'vitest';
import { ClientDesk } from '../../src/gateway/client-desk.ts';
import { TlsClient } from '../../src/gateway/tls-client.ts';
import { makeAuthority, makeCertificate, makeRevocationList, PURPOSES } from '../kit/certificate-maker.ts';
import type { Wanted } from '../kit/certificate-maker.ts';
import { clientsOf, expectDenied, expectServed, family, POLICY, secured, secureStage } from './tls-kit.ts';

const BASIC = '2.5.29.19';
const USAGE = '2.5.29.15';
const NAMES = '2.5.29.17';
const CONSTRAINTS = '2.5.29.30';
/** `digitalSignature`, and the same with `keyCertSign`. */
const SIGNATURE = '03020780';
const CERT_SIGN = '03020284';

const CLIENTS: readonly (readonly [string, Wanted])[] = [
  [
    'CA:TRUE and a key usage of clients',
    { ca: true, purposes: [PURPOSES.client], extensions: { [USAGE]: [true, SIGNATURE] } },
  ],
  ['a key that may sign certificates', { extensions: { [USAGE]: [true, CERT_SIGN] } }],
  ['a path length', { pathLength: 0 }],
  ['name constraints', { permits: ['shop.example'] }],
  ['name constraints that nobody has to read', { extensions: { [CONSTRAINTS]: [false, '3000'] } }],
  ['an empty list of names', { extensions: { [NAMES]: [false, '3000'] } }],
  ['no name in its subject and none that must be read', { nameless: true }],
  ['a negative serial number', { serial: '80' }],
  ['the serial number 0', { serial: '00' }],
  ['a serial number of 21 bytes', { serial: '01'.repeat(21) }],
];

test.each(CLIENTS)('a client with %s is not let in', async (_, wanted) => {
  const { root, client } = family();
  const on = await secureStage(secured(clientsOf(root)));
  await expectDenied(on, { as: makeCertificate({ by: root, ...wanted }) }, 403);
  await expectServed(on, { as: client });
});

const AUTHORITIES: readonly (readonly [string, Wanted])[] = [
  ['basic constraints that nobody has to read', { extensions: { [BASIC]: [false, '30030101ff'] } }],
  ['no key usage', { extensions: { [USAGE]: null } }],
  ['no subject', { nameless: true }],
];

test.each(AUTHORITIES)('nobody is let in by an authority with %s', async (_, wanted) => {
  const { root, client } = family();
  const on = await secureStage(secured(clientsOf(root)));
  const between = makeAuthority('between', { by: root, ...wanted });
  await expectDenied(on, { as: makeCertificate({ by: between }), with: [between] }, 403);
  const proper = makeAuthority('between', { by: root });
  await expectServed(on, { as: makeCertificate({ by: proper }), with: [proper] });
  await expectServed(on, { as: client });
});

test('a root is believed as it was written, because nobody but the operator has chosen it', async () => {
  const root = makeAuthority('root', { extensions: { [BASIC]: [false, '30030101ff'], [USAGE]: null } });
  const on = await secureStage(secured(clientsOf(root)));
  await expectServed(on, { as: makeCertificate({ by: root }) });
});

test('a client without a subject is judged by the whole policy, and let in by names that must be read', async () => {
  const root = makeAuthority('root');
  const nameless = (wanted: Wanted) => makeCertificate({ by: root, nameless: true, ...wanted });
  const names = [['uri', 'spiffe://shop.example/web']] as const;
  const policy = { ...POLICY, names: [{ type: 'uri', match: 'exact', value: names[0][1] } as const] };
  const on = await secureStage(secured(clientsOf(root, { policy }), { forwards: ['subject', 'uri'] }));
  await expectDenied(on, { as: nameless({ names, purposes: null }) }, 403);
  await expectDenied(on, { as: nameless({ names: [['uri', 'spiffe://shop.example/other']] }) }, 403);
  await expectDenied(on, { as: nameless({ names, hash: 'sha1' }) }, 0);

  await expectServed(on, { as: nameless({ names }) });
  expect(on.legacy.bytes).toContain('X-Forwarded-Client-Cert: Subject="";URI=spiffe://shop.example/web\r\n');
});

test('whoever cannot be judged because something throws is let in by none of their requests', () => {
  const root = makeAuthority('root');
  const desk = new ClientDesk(secured(clientsOf(root)), 0);
  const verifier = desk.placeOf(null).verifier as unknown as { verify: () => never };
  verifier.verify = () => {
    throw new TypeError('a defect of the judge');
  };
  const client = new TlsClient({ desk: () => desk }, null, [root.der]);
  for (const host of ['', 'a', 'a'])
    expect(client.refusal(host)).toEqual({ code: 'client_certificate', reason: 'a defect' });
});

test('a revoked certificate with a negative serial number is not let in by a list that is read leniently', async () => {
  const { root, client } = family();
  const odd = makeCertificate({ by: root, serial: '80' });
  const crl = makeRevocationList(root, [odd]);
  const on = await secureStage(secured(clientsOf(root, { crl, crlFailure: 'open' })));
  await expectDenied(on, { as: odd }, 403);
  await expectServed(on, { as: client });
});
