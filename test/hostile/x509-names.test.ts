/**
 * Attack: a name that is read as another one: with a NUL inside, in letters beyond ASCII, with quotes, in the common name
 * only, or one that merely begins or ends like a name that is let in.
 * Known from: CVE-2009-2408 and CVE-2025-66220 (NUL), CVE-2021-44532 (Node's text of alternative names).
 * Why it works: a name is compared as a text that was made from bytes in another way than the authority read them.
 * Cutover: names are read from the bytes of the extension; odd ones refuse the certificate; the common name is never
 * looked at; a star stands behind a slash, a dot or an @ only.
 */
import { test } from 'vitest';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import type { AlternativeName } from '../kit/certificate-maker.ts';
import { clientsOf, expectDenied, expectServed, POLICY, secured, secureStage } from './tls-kit.ts';

const root = makeAuthority('root');
const named = (...names: AlternativeName[]) => ({ as: makeCertificate({ by: root, names }) });

test('a name with a NUL, with quotes or beyond ASCII refuses the certificate, whatever else it holds', async () => {
  const on = await secureStage(secured(clientsOf(root)));
  const odd = [
    'web.shop.example\0.evil.example',
    'a", URI:spiffe://shop.example/web',
    'web\\.example',
    'wéb.example',
    'a b',
  ];
  for (const name of odd) {
    await expectDenied(on, named(['dns', name]), 403);
    await expectDenied(on, named(['uri', `https://shop.example/${name}`], ['dns', 'web.shop.example']), 403);
  }
  await expectServed(on, named(['dns', 'web.shop.example']));
});

test('more names than anybody needs refuse the certificate', async () => {
  const on = await secureStage(secured(clientsOf(root)));
  const many = (count: number) =>
    Array.from({ length: count }, (_, at): AlternativeName => ['dns', `n${at}.example`]);
  await expectDenied(on, named(...many(33)), 403);
  await expectDenied(on, named(['uri', `https://shop.example/${'x'.repeat(3_000)}`]), 403);
  await expectServed(on, named(...many(32)));
});

test('only names of the right kind that match as a whole are let in', async () => {
  const names = [
    { type: 'uri', match: 'prefix', value: 'spiffe://shop.example/ns/' },
    { type: 'dns', match: 'suffix', value: '.clients.example' },
    { type: 'dns', match: 'exact', value: 'one.example' },
    { type: 'email', match: 'suffix', value: '@ops.example' },
  ] as const;
  const on = await secureStage(secured(clientsOf(root, { policy: { ...POLICY, names } })));
  await expectDenied(on, { as: makeCertificate({ by: root, name: 'one.example' }) }, 403);
  await expectDenied(on, named(['uri', 'spiffe://shop.example/nsx/web']), 403);
  await expectDenied(on, named(['uri', 'spiffe://shop.example.evil/ns/web']), 403);
  await expectDenied(on, named(['dns', 'clients.example']), 403);
  await expectDenied(on, named(['dns', 'evilclients.example']), 403);
  await expectDenied(on, named(['dns', '*.clients.example']), 403);
  await expectDenied(on, named(['email', 'one.example']), 403);
  await expectDenied(on, named(['uri', 'https://one.example']), 403);
  await expectDenied(on, named(['email', 'a@evilops.example']), 403);
  await expectServed(on, named(['uri', 'spiffe://shop.example/ns/web']));
  await expectServed(on, named(['dns', 'A.Clients.Example']));
  await expectServed(on, named(['dns', 'two.example'], ['dns', 'one.example']));
  await expectServed(on, named(['email', 'a@OPS.example']));
});
