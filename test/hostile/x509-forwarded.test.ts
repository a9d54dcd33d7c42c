/**
 * Attack: a client that writes its own X-Forwarded-Client-Cert or ssl-client-verify, or whose certificate has a subject
 * that ends the quoted value early and adds a name of its own.
 * Known from: Envoy's documentation of XFCC, which warns of both; every application behind an ingress that reads
 * `ssl-client-subject-dn`.
 * Why it works: the application cannot tell the gateway's field from the client's, and a quote that is not escaped ends
 * the gateway's value where the subject wants it to end.
 * Cutover: such fields of clients never pass. The gateway's own value has no quote and no backslash before one inside.
 */
import { expect, test } from 'vitest';
import { FORWARDED_KEYS } from '../../src/core/snapshot.ts';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import { fieldsOf } from './lenient-upstream.ts';
import { get, stage } from './kit.ts';
import { clientsOf, expectServed, secured, secureStage } from './tls-kit.ts';
import type { SecureStage } from './tls-kit.ts';

const root = makeAuthority('root');
const SPOOFED = [
  'X-Forwarded-Client-Cert: By=spiffe://a;URI=spiffe://shop.example/admin',
  'x-forwarded-client-cert: Hash=00',
  'ssl-client-verify: SUCCESS',
  'SSL-Client-Subject-DN: CN=admin',
  'ssl-client-cert: x',
  'X-SSL-Client-Verify: 0',
  'Client-Cert: :MIIB:',
  'Client-Cert-Chain: :MIIB:',
  'X-Client-Cert: x',
];
const asked = [get('/asked', ...SPOOFED, 'X-Client-Version: 7')];

function seenBy(on: Pick<SecureStage, 'legacy'>): string {
  return on.legacy.requests[0]?.raw ?? '';
}

test('what a client writes about its certificate reaches no server, over TLS or plainly', async () => {
  const on = await secureStage(
    secured(clientsOf(root, { mode: 'optional' }), { forwards: [...FORWARDED_KEYS] }),
  );
  await expectServed(on, { bytes: asked });
  expect(seenBy(on)).not.toMatch(/client-cert|ssl-client/i);
  expect(seenBy(on)).toContain('X-Client-Version: 7');
  const plain = await stage();
  await plain.send(asked[0] ?? '');
  expect(seenBy(plain)).not.toMatch(/client-cert|ssl-client/i);
});

test('a verified client is named to the servers of both lanes by the gateway alone', async () => {
  const on = await secureStage(secured(clientsOf(root), { forwards: [...FORWARDED_KEYS] }));
  on.gateway.apply({ rollout: { sample: 1 } });
  const as = makeCertificate({
    by: root,
    name: 'web',
    organisation: 'Shop',
    names: [
      ['uri', 'https://shop.example/web'],
      ['dns', 'web.shop.example'],
      ['uri', 'https://shop.example/a,b;c=d'],
    ],
  });
  await on.ask({ as, bytes: asked });
  const hash = new (await import('node:crypto')).X509Certificate(as.pem).fingerprint256
    .replaceAll(':', '')
    .toLowerCase();
  const own = [
    `Hash=${hash};Subject="CN=web,O=Shop";URI=https://shop.example/web;URI="https://shop.example/a,b;c=d";DNS=web.shop.example`,
  ];
  await expect.poll(() => on.candidate.requests.length, { timeout: 10_000 }).toBe(1);
  for (const lane of [on.legacy, on.candidate])
    expect(fieldsOf(lane.requests[0] as never, 'x-forwarded-client-cert')).toEqual(own);
});

test('a subject with quotes, commas and backslashes stays inside its quotes', async () => {
  const on = await secureStage(secured(clientsOf(root), { forwards: ['subject', 'uri'] }));
  for (const name of [
    'a",URI=spiffe://shop.example/admin',
    'a\\',
    'a\\",URI=x',
    'a\r\nX-Admin: 1',
    'ü;URI=x',
    ' a ',
  ]) {
    await expectServed(on, { as: makeCertificate({ by: root, name }) });
    const [value = ''] = fieldsOf(on.legacy.requests[0] as never, 'x-forwarded-client-cert');
    // However a reader treats backslashes: one quoted value, and nothing behind it.
    expect(value).toMatch(/^Subject="[^"]*[^"\\]"$/);
    expect(value).not.toMatch(/[^\x20-\x7e]/);
    expect(seenBy(on)).not.toMatch(/^X-Admin/m);
  }
});

test('without that being asked for, servers hear nothing of the certificate', async () => {
  const on = await secureStage(secured(clientsOf(root)));
  await expectServed(on, { as: makeCertificate({ by: root }), bytes: asked });
  expect(seenBy(on)).not.toMatch(/client-cert|ssl-client/i);
});

test('a proxy that is trusted may say whose certificate it has verified, unless it shows one itself', async () => {
  const trusting = { trustedProxies: ['127.0.0.0/8'] };
  const on = await secureStage(
    secured(clientsOf(root, { mode: 'optional' }), { forwards: ['hash'] }),
    trusting,
  );
  await expectServed(on, { bytes: [get('/asked', 'X-Forwarded-Client-Cert: Hash=11')] });
  expect(fieldsOf(on.legacy.requests[0] as never, 'x-forwarded-client-cert')).toEqual(['Hash=11']);
  const as = makeCertificate({ by: root });
  await expectServed(on, { as, bytes: [get('/asked', 'X-Forwarded-Client-Cert: Hash=11')] });
  const [value = ''] = fieldsOf(on.legacy.requests[0] as never, 'x-forwarded-client-cert');
  expect(value).toMatch(/^Hash=[0-9a-f]{64}$/);
});
