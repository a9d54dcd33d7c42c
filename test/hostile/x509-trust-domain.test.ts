/**
 * Attack: an authority of one trust domain makes a certificate for another one. Both are trusted by the same gateway, and
 * whoever verifies against the union of their authorities lets it in.
 * Known from: the X509-SVID specification, section 5.2, and Envoy's SPIFFE validator, which was made for this.
 * Why it works: the authorities of all domains stand in one list, and verification only says that one of them has
 * signed.
 * Cutover: the domain of the SPIFFE ID must be the one whose authorities have made the certificate; its grammar is strict.
 */
import { test } from 'vitest';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import type { AlternativeName, Made } from '../kit/certificate-maker.ts';
import { clientsOf, expectDenied, expectServed, POLICY, secured, secureStage } from './tls-kit.ts';

const shop = makeAuthority('shop');
const bank = makeAuthority('bank');
const by = (authority: Made, ...names: AlternativeName[]) => ({
  as: makeCertificate({ by: authority, names }),
});
const trustDomains = [
  { name: 'shop.example', ca: shop.pem },
  { name: 'bank.example', ca: bank.pem },
];
const clients = clientsOf([shop, bank], { policy: { ...POLICY, trustDomains } });

test('an authority makes identities of its own trust domain only', async () => {
  const on = await secureStage(secured(clients));
  await expectDenied(on, by(bank, ['uri', 'spiffe://shop.example/web']), 403);
  await expectDenied(on, by(shop, ['uri', 'spiffe://other.example/web']), 403);
  await expectServed(on, by(shop, ['uri', 'spiffe://shop.example/web']));
  await expectServed(on, by(bank, ['uri', 'spiffe://bank.example/web']));
  const below = makeAuthority('below', { by: bank });
  await expectDenied(on, { ...by(below, ['uri', 'spiffe://shop.example/web']), with: [below] }, 403);
  await expectServed(on, { ...by(below, ['uri', 'spiffe://bank.example/web']), with: [below] });
});

test('an identity that breaks the grammar, or is one of two, is none', async () => {
  const on = await secureStage(secured(clients));
  const odd = [
    'spiffe://shop.example',
    'spiffe://shop.example/',
    'spiffe://shop.example/web/',
    'spiffe://shop.example//web',
    'spiffe://shop.example/../bank',
    'spiffe://shop.example/web?x=1',
    'spiffe://shop.example/web#x',
    'spiffe://shop.example:8443/web',
    'spiffe://user@shop.example/web',
    'spiffe://shop.example/%77eb',
    'SPIFFE://shop.example/web',
    'spiffe://Shop.example/web',
    'https://shop.example/web',
  ];
  for (const uri of odd) await expectDenied(on, by(shop, ['uri', uri]), 403);
  await expectDenied(
    on,
    by(shop, ['uri', 'spiffe://shop.example/a'], ['uri', 'spiffe://shop.example/b']),
    403,
  );
  await expectDenied(on, by(shop, ['dns', 'web.shop.example']), 403);
  await expectServed(on, by(shop, ['uri', 'spiffe://shop.example/web-1/a.b_c']));
});
