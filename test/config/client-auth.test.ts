import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { redactConfig } from '../../src/config/compile.ts';
import { makeAuthority, makeCertificate, makeRevocationList } from '../kit/certificate-maker.ts';
import type { Made } from '../kit/certificate-maker.ts';
import { compiled, problemsOf, SMALLEST } from './kit.ts';

const root = makeAuthority('root');
const other = makeAuthority('other');
const server = (...names: string[]): Made =>
  makeCertificate({
    by: root,
    name: names[0] ?? 'nobody',
    purposes: ['1.3.6.1.5.5.7.3.1'],
    names: names.map((name) => ['dns', name] as const),
  });
const [own, shop, twice, nameless] = [
  server('a.example'),
  server('shop.example', '*.shop.example'),
  server('shop.example'),
  server(),
];
const DAY_MS = 86_400_000;
const [before, past] = [new Date(Date.now() - 3 * DAY_MS), new Date(Date.now() - DAY_MS)];

const folder = mkdtempSync(join(tmpdir(), 'cutover-clients-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FILES = {
  'own.pem': own.pem,
  'own.key': own.key,
  'shop.pem': shop.pem,
  'shop.key': shop.key,
  'twice.pem': twice.pem,
  'twice.key': twice.key,
  'nameless.pem': nameless.pem,
  'nameless.key': nameless.key,
  'ca.pem': root.pem,
  'both.pem': root.pem + other.pem,
  'old-ca.pem': makeAuthority('old', { from: before, until: past }).pem,
  'crl.pem': makeRevocationList(root, [shop]),
  'two.pem': makeRevocationList(root, []) + makeRevocationList(other, []),
  'stale.pem': makeRevocationList(root, [], { from: before, until: past }),
  'foreign.pem': makeRevocationList({ ...root, keys: other.keys }, []),
  'broken.pem': '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n',
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
const at = (file: string) => join(folder, file);
const text = (more: string) =>
  SMALLEST.replace('8080 }', `8080, tls: { cert: ${at('own.pem')}, key: ${at('own.key')}, ${more} } }`);
const clients = `clientAuth: required, clientCa: ${at('ca.pem')}`;
const shopPair = `cert: ${at('shop.pem')}, key: ${at('shop.key')}`;

test('reads certificates, authorities, lists and rules, and hides what is secret or long', () => {
  const certificates = [
    `{ ${shopPair}, names: ['*.shop.example'] }`,
    `{ cert: ${at('twice.pem')}, key: ${at('twice.key')}, names: [SHOP.example], clientAuth: none }`,
  ];
  const names = `names: { uri: ['spiffe://a/b/*', 'urn:x'], dns: ['*.A.example', b.example], email: ['*@C.example'] }`;
  const domains = `trustDomains: { shop.example: ${at('both.pem')} }`;
  const policy = `clientPolicy: { ${names}, ${domains}, maxDepth: 2, maxLifetime: 90d }`;
  const crl = `crl: ${at('two.pem')}, forwardClientCert: [hash]`;
  const list = `certificates: [${certificates.join(', ')}], unknownName: refuse`;
  const config = compiled(text(`${list}, ${clients}, ${crl}, ${policy}`));
  const tls = config.gateway.listeners[0]?.tls;
  expect(tls?.certificates?.map(({ names, client }) => [names, client?.mode])).toEqual([
    [['*.shop.example'], 'required'],
    [['shop.example'], undefined],
  ]);
  expect(tls).toMatchObject({ refusesUnknown: true, names: ['a.example'], forwards: ['hash'] });
  expect(tls?.client?.policy).toEqual({
    names: [
      { type: 'uri', match: 'prefix', value: 'spiffe://a/b/' },
      { type: 'uri', match: 'exact', value: 'urn:x' },
      { type: 'dns', match: 'suffix', value: '.a.example' },
      { type: 'dns', match: 'exact', value: 'b.example' },
      { type: 'email', match: 'suffix', value: '@c.example' },
    ],
    trustDomains: [{ name: 'shop.example', ca: root.pem + other.pem }],
    pins: [],
    maxDepth: 2,
    minRsaBits: 2_048,
    minEcBits: 256,
    maxLifetimeMs: 90 * DAY_MS,
  });
  expect(JSON.stringify(redactConfig(config))).not.toMatch(/PRIVATE KEY|X509 CRL/);
  expect(config.gateway.hash).toBe(compiled(SMALLEST).gateway.hash);
});

test.each([
  ['lists without clients', `crl: ${at('crl.pem')}`, 'no client is asked for a certificate here'],
  [
    'rules without clients',
    'clientAuth: none, clientPolicy: {}',
    'no client is asked for a certificate here',
  ],
  ['telling without clients', 'forwardClientCert: [uri]', 'no client is asked for a certificate here'],
  ['clients without authorities', 'clientAuth: optional', 'there is nothing to verify clients by'],
  [
    'a certificate that is no authority',
    `clientAuth: required, clientCa: ${at('own.pem')}`,
    'CN=a.example is no authority',
  ],
  [
    'an authority that is over',
    `clientAuth: required, clientCa: ${at('old-ca.pem')}`,
    'the authority CN=old has expired',
  ],
  ['a file that is not there', 'clientAuth: required, clientCa: /none', 'there is no such file'],
  ['a certificate for a list', `${clients}, crl: ${at('ca.pem')}`, 'there is no list in this file'],
  [
    'a list that cannot be read',
    `${clients}, crl: ${at('broken.pem')}, crlFailure: open`,
    'a list in this file cannot be read',
  ],
  [
    'a list that somebody else signed',
    `${clients}, crl: ${at('foreign.pem')}`,
    'the list of CN=root is not signed by it',
  ],
  [
    'an authority without a list',
    `clientAuth: required, clientCa: ${at('both.pem')}, crl: ${at('crl.pem')}`,
    'there is no list of CN=other: everybody behind it would be refused',
  ],
  [
    'a failure mode without a list',
    `${clients}, crlFailure: open`,
    'there is no list that could be out of date',
  ],
  [
    'two certificates for one name',
    `certificates: [{ ${shopPair} }, { cert: ${at('twice.pem')}, key: ${at('twice.key')} }]`,
    'certificates[0] is for shop.example, too',
  ],
  [
    'a certificate for no name',
    `certificates: [{ cert: ${at('nameless.pem')}, key: ${at('nameless.key')} }]`,
    'this certificate is for no name',
  ],
  [
    'a name that is not in it',
    `certificates: [{ ${shopPair}, names: [bank.example] }]`,
    'the certificate is not for bank.example',
  ],
  [
    'a key of another certificate',
    `certificates: [{ cert: ${at('shop.pem')}, key: ${at('own.key')} }]`,
    'this private key does not belong to the certificate',
  ],
  [
    'a star inside of a name',
    `${clients}, clientPolicy: { names: { uri: ['spiffe://shop.example*'] } }`,
    'the star stands where it would let in others',
  ],
  [
    'a star that is everybody',
    `${clients}, clientPolicy: { names: { dns: ['*'] } }`,
    'the star stands where it would let in others',
  ],
  [
    'a wrong kind of name',
    `${clients}, clientPolicy: { names: { email: [shop.example] } }`,
    'this is no e-mail address',
  ],
  ['a pin that is none', `${clients}, clientPolicy: { pins: [abc] }`, 'expected 44 characters of base64'],
  ['keys that are too short', `${clients}, clientPolicy: { minRsaBits: 1024 }`, 'expected a whole number'],
])('says what is wrong at its place: %s', (_, more, message) => {
  const problems = problemsOf(text(more)).filter(({ severity }) => severity === 'error');
  expect(problems.map((problem) => problem.message)).toEqual([message]);
  expect(problems[0]?.line).toBe(1);
  expect(problems[0]?.hint).toBeTruthy();
});

test('warns of a list that is out of date and says what comes of it', () => {
  const [closed] = problemsOf(text(`${clients}, crl: ${at('stale.pem')}`));
  expect(closed).toMatchObject({ severity: 'warning', message: expect.stringContaining('nobody gets in') });
  const [open] = problemsOf(text(`${clients}, crl: ${at('stale.pem')}, crlFailure: open`));
  expect(open).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('who was revoked since gets in'),
  });
});
