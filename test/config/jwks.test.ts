import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKeySet } from '../../src/core/key-set.ts';
import { loadConfig } from '../../src/config/load.ts';
import { folderWith } from './kit.ts';

const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits });
const strong = rsa(2048);
const publicRsa = strong.publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });

const read = (...keys: unknown[]) => readKeySet(JSON.stringify({ keys }));

test('takes public keys for signatures and says what they are good for', () => {
  expect(read({ ...ec, kid: 'a' }, { ...ed, kid: 'b', use: 'sig' })).toMatchObject({
    ok: true,
    algorithms: ['ES256', 'EdDSA'],
  });
  expect(read({ ...publicRsa, alg: 'RS256' })).toMatchObject({ ok: true, algorithms: ['RS256'] });
  expect(read({ ...ec, key_ops: ['verify'] })).toMatchObject({ ok: true, algorithms: ['ES256'] });
});

const REFUSED: readonly [string, unknown[], string][] = [
  ['no keys', [], 'the key set is empty'],
  [
    'a private key',
    [strong.privateKey.export({ format: 'jwk' })],
    'key 1 of the set is a private key: publish the public half only',
  ],
  [
    'a shared secret',
    [{ kty: 'oct', k: 'c2VjcmV0' }],
    'key 1 of the set is a shared secret (oct): whoever can check a token could make one',
  ],
  [
    'a short RSA key',
    [rsa(1024).publicKey.export({ format: 'jwk' })],
    'key 1 of the set is too short: RSA needs 2048 bits',
  ],
  ['an exponent of one', [{ ...publicRsa, e: 'AQ' }], 'key 1 of the set has a weak exponent'],
  [
    'the algorithm none',
    [{ ...publicRsa, alg: 'none' }],
    'key 1 of the set names an algorithm (alg) that does not fit it or is not allowed',
  ],
  [
    'a public key named for HS256',
    [{ ...publicRsa, alg: 'HS256' }],
    'key 1 of the set names an algorithm (alg) that does not fit it or is not allowed',
  ],
  [
    'a key for other operations',
    [{ ...ec, key_ops: ['deriveKey'] }],
    'key 1 of the set is not for verifying signatures (key_ops)',
  ],
  ['a key for encryption', [{ ...ec, use: 'enc' }], 'key 1 of the set is not for signatures (use)'],
  [
    'an unknown curve',
    [{ ...ec, crv: 'secp256k1' }],
    'key 1 of the set has a type or curve that is not supported',
  ],
  ['a point off its curve', [{ ...ec, x: ec.y }], 'key 1 of the set is damaged'],
  [
    'two keys with one id',
    [
      { ...ec, kid: 'a' },
      { ...ed, kid: 'a' },
    ],
    'key 2 of the set has the kid of another key',
  ],
];

for (const [what, keys, message] of REFUSED) {
  test(`refuses ${what}`, () => {
    expect(read(...keys)).toEqual({ ok: false, problems: [message] });
  });
}

test('never throws, whatever stands in the file', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify({ keys: [value] })),
      ),
      (text) => {
        expect(typeof readKeySet(text).ok).toBe('boolean');
      },
    ),
  );
  expect(read({ kty: 'RSA', alg: { toString: 1 } }).ok).toBe(false);
});

const FILE = (jwt: string) => `listen: [{ address: 127.0.0.1:8080 }]
legacy: { servers: [http://127.0.0.1:8081] }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes: [{ name: all, upstream: shop, filters: [staff] }]
filters:
  staff:
    jwt: { audience: shop, ${jwt} }
`;

function loaded(jwt: string, keys: unknown[]) {
  const folder = folderWith({ 'cutover.yaml': FILE(jwt), 'keys.json': JSON.stringify({ keys }, null, 2) });
  return loadConfig(join(folder, 'cutover.yaml'));
}

test('puts the content of the key file into the filter', () => {
  const result = loaded('jwks: { file: keys.json }, clockTolerance: 30s', [ec]);
  expect(result.ok && result.config.gateway.candidate.filters).toEqual([
    {
      kind: 'jwt',
      name: 'staff',
      enforceAt: 'candidate',
      issuers: [
        {
          issuer: null,
          keys: { text: JSON.stringify({ keys: [ec] }) },
          audience: ['shop'],
          algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        },
      ],
      clockToleranceS: 30,
      maxAgeS: null,
      typ: [],
      require: [],
      source: { in: 'authorization', name: '' },
      forward: [],
      forwardToken: true,
      copyToken: 'keep',
      revoked: [],
    },
  ]);
});

test('says at the name of the key file what is wrong with it', () => {
  const problems = (jwt: string, keys: unknown[]) => {
    const result = loaded(jwt, keys);
    return result.ok
      ? []
      : result.problems
          .filter(({ severity }) => severity === 'error')
          .map(({ line, column, message }) => `${line}:${column} ${message}`);
  };
  expect(problems('jwks: { file: nope.json }', [])).toEqual(['8:42 there is no such file']);
  expect(problems('jwks: { file: . }', [])).toEqual(['8:42 this is no file']);
  expect(problems('jwks: { file: keys.json }', [])).toEqual(['8:42 the key set is empty']);
  expect(problems('jwks: { file: keys.json }, algorithms: [RS256]', [ec])).toEqual([
    '8:55 no key of the set fits these algorithms: every token would be refused',
  ]);
  expect(problems('jwks: { file: keys.json }, algorithms: [none, HS256]', [ec])).toEqual([
    '8:55 no key of the set fits these algorithms: every token would be refused',
    '8:68 none accepts every forged token',
    '8:74 algorithms with a shared secret are refused',
  ]);
});
