import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadResult } from '../../src/config/load.ts';
import { redactConfig } from '../../src/config/compile.ts';
import type { JwtFilterConfig } from '../../src/core/token-policy.ts';
import { folderWith } from './kit.ts';

const jwkOf = (): object =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const first = JSON.stringify({ keys: [jwkOf()] });
const second = JSON.stringify({ keys: [jwkOf()] });

interface Written {
  readonly jwt: string;
  readonly enforceAt?: string;
  readonly rest?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** The policy stands on line 8 from column 10 on. */
function loaded({ jwt, enforceAt = 'edge', rest = '', files = {} }: Written): LoadResult {
  const text = `listen: [{ address: 127.0.0.1:8080 }]
legacy: { servers: [http://127.0.0.1:8081] }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes: [{ name: all, upstream: shop, filters: [staff] }]
filters:
  staff:
    jwt: { ${jwt} }
    enforceAt: ${enforceAt}
${rest}
`;
  const folder = folderWith({ 'cutover.yaml': text, 'keys.json': first, 'other.json': second, ...files });
  return loadConfig(join(folder, 'cutover.yaml'), {
    environment: { COPY: 'of.the.copies', BAD: 'two words' },
  });
}

function policy(jwt: string, files: Written['files'] = {}): JwtFilterConfig {
  const result = loaded({ jwt, files });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config.gateway.candidate.filters[0] as JwtFilterConfig;
}

function told(written: Written): string[] {
  const result = loaded(written);
  const problems = result.ok ? result.warnings : result.problems;
  return problems
    .filter(({ message }) => !message.startsWith('canary answers nobody'))
    .map(({ severity, line, column, message, hint }) => `${severity} ${line}:${column} ${message} | ${hint}`);
}

const FILE = 'jwks: { file: keys.json }, audience: shop';
const URL_ = 'https://id.example.com/keys';

test('every part of a policy reaches the worker as it was written', () => {
  expect(
    policy(
      `issuers: [
        { issuer: https://a, audience: [shop, api], jwks: { file: keys.json }, algorithms: [ES256] },
        { issuer: https://b, audience: x, jwks: { url: '${URL_}', maxAge: 5m, cooldown: 10s, timeout: 2s, maxBytes: 64KiB } } ],
      clockTolerance: 10s, maxAge: 1h, typ: [at+jwt, application/JWT],
      require: [ { claim: scope, contains: orders }, { claim: level, oneOf: [2, 3] }, { claim: mail, equals: true }, { claim: sub, exists: true } ],
      token: { cookie: sid }, forwardClaims: { X-User: sub, x-groups: realm.groups }, forwardToken: false,
      copies: { swap: { env: COPY } }, revoked: { file: gone.txt }`,
      { 'gone.txt': '# lost on the train\nabc\r\n\ndef\n' },
    ),
  ).toEqual({
    kind: 'jwt',
    name: 'staff',
    enforceAt: 'edge',
    issuers: [
      { issuer: 'https://a', audience: ['shop', 'api'], algorithms: ['ES256'], keys: { text: first } },
      {
        issuer: 'https://b',
        audience: ['x'],
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        keys: { url: URL_, maxAgeMs: 300_000, cooldownMs: 10_000, timeoutMs: 2_000, maxBytes: 65_536 },
      },
    ],
    clockToleranceS: 10,
    maxAgeS: 3_600,
    typ: ['at+jwt', 'jwt'],
    require: [
      { claim: 'scope', contains: 'orders' },
      { claim: 'level', oneOf: [2, 3] },
      { claim: 'mail', oneOf: [true] },
      { claim: 'sub', exists: true },
    ],
    source: { in: 'cookie', name: 'sid' },
    forward: [
      { header: 'X-User', claim: 'sub' },
      { header: 'x-groups', claim: 'realm.groups' },
    ],
    forwardToken: false,
    copyToken: { swap: 'of.the.copies' },
    revoked: ['abc', 'def'],
  });
});

test('new keys, revoked tokens and tokens of copies are no new evidence, another rule is', () => {
  const hash = (jwt: string): string => {
    const result = loaded({ jwt });
    return result.ok ? result.config.gateway.hash : JSON.stringify(result.problems);
  };
  const before = hash(`${FILE}, revoked: [a]`);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(hash(`jwks: { file: other.json }, audience: shop, revoked: [b, c]`)).toBe(before);
  expect(hash(`${FILE}, revoked: [a], require: [{ claim: sub, exists: true }]`)).not.toBe(before);
  expect(hash(`${FILE}, revoked: [a], maxAge: 1h`)).not.toBe(before);
});

test('what verifies tokens, and the token of copies, is not shown', () => {
  const result = loaded({ jwt: `${FILE}, copies: { swap: { env: COPY } }, revoked: [lost-token]` });
  const shown = result.ok ? JSON.stringify(redactConfig(result.config)) : '';
  expect(shown).toContain('"copyToken":{"swap":"***"}');
  expect(shown).not.toMatch(/of\.the\.copies|lost-token|"kty"/);
});

const PROBLEMS: readonly [string, Written, string][] = [
  [
    'no keys',
    { jwt: 'audience: shop' },
    'the key "jwks" is missing | add jwks: { file: ./keys.json }, or issuers',
  ],
  [
    'keys from two places',
    { jwt: `jwks: { file: keys.json, url: '${URL_}' }, audience: a` },
    'expected exactly one of: file, url | for example: { file: ./keys.json }',
  ],
  [
    'one issuer beside a list',
    { jwt: `${FILE}, issuers: [{ issuer: a, audience: b, jwks: { file: keys.json } }]` },
    'jwks and issuers cannot stand together | write jwks at each issuer',
  ],
  [
    'an issuer twice',
    {
      jwt: `issuers: [{ issuer: a, audience: b, jwks: { file: keys.json } }, { issuer: a, audience: b, jwks: { file: other.json } }]`,
    },
    'this issuer stands here twice | keep one: its key set has several keys',
  ],
  [
    'an issuer without a name in a list',
    { jwt: `issuers: [{ audience: b, jwks: { file: keys.json } }]` },
    'the key "issuer" is missing | for example: https://id.example.com',
  ],
  [
    'keys without TLS',
    { jwt: `jwks: { url: 'http://id.example.com/keys' }, audience: a` },
    'keys from a URL without TLS: whoever is on the way could sign tokens | write https://',
  ],
  [
    'a URL with a password',
    { jwt: `jwks: { url: 'https://joe:pw@id.example.com/keys' }, audience: a` },
    'expected an https URL without user, password and fragment | for example: https://id.example.com/.well-known/jwks.json',
  ],
  [
    'an age below the cooldown',
    { jwt: `jwks: { url: '${URL_}', maxAge: 20s }, audience: a` },
    'maxAge is shorter than cooldown | raise maxAge, or lower cooldown',
  ],
  [
    'a cooldown for a file',
    { jwt: 'jwks: { file: keys.json, cooldown: 1m }, audience: a' },
    'cooldown goes with url | a file is read when the configuration is',
  ],
  [
    'a shared secret',
    { jwt: FILE, files: { 'keys.json': '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}' } },
    'key 1 of the set is a shared secret (oct): whoever can check a token could make one | write a set of public keys (RFC 7517)',
  ],
  [
    'none in any case',
    { jwt: `${FILE}, algorithms: [ES256, NoNe]` },
    'none accepts every forged token | remove it',
  ],
  [
    'an algorithm with a shared secret',
    { jwt: `${FILE}, algorithms: [ES256, HS512]` },
    'algorithms with a shared secret are refused | use RS256, ES256 or EdDSA with public keys',
  ],
  [
    'a rule with two conditions',
    { jwt: `${FILE}, require: [{ claim: a, equals: b, contains: c }]` },
    'expected exactly one of: equals, oneOf, contains, exists | for example: { claim: scope, contains: orders }',
  ],
  [
    'a token in two places',
    { jwt: `${FILE}, token: { header: x, cookie: y }` },
    'expected exactly one of: header, cookie, query | for example: { cookie: session }',
  ],
  [
    'the usual place in other words',
    { jwt: `${FILE}, token: { header: Authorization }` },
    'Authorization: Bearer is where a token is looked for anyway | remove token',
  ],
  [
    'a claim in a header of the message',
    { jwt: `${FILE}, forwardClaims: { Content-Length: sub }` },
    'this header belongs to the message or the gateway | for example: x-user',
  ],
  [
    'a claim in a header of the gateway',
    { jwt: `${FILE}, forwardClaims: { X-Forwarded-For: ip }` },
    'this header belongs to the message or the gateway | for example: x-user',
  ],
  [
    'a claim in the header of the token',
    { jwt: `${FILE}, token: { header: X-Token }, forwardClaims: { x-token: sub }` },
    'the token comes in this header | tell claims in another one',
  ],
  [
    'a header twice',
    { jwt: `${FILE}, forwardClaims: { x-user: sub, X-User: name }` },
    'this header stands here twice | names have no case',
  ],
  [
    'a variable that is not set',
    { jwt: `${FILE}, copies: { swap: { env: NOBODY } }` },
    'the variable NOBODY is not set | set it: export NOBODY=…',
  ],
  [
    'a token that is none',
    { jwt: `${FILE}, copies: { swap: { env: BAD } }` },
    'this is no token | write the token alone, without Bearer',
  ],
  ['no list of revoked tokens', { jwt: `${FILE}, revoked: { file: gone.txt }` }, 'there is no such file | '],
  [
    'a revoked token with blanks',
    { jwt: `${FILE}, revoked: { file: gone.txt }`, files: { 'gone.txt': 'a\n b\n' } },
    'entry 2 of the list has blanks around it | write one jti a line',
  ],
  [
    'a canary that asks for what the filter writes',
    {
      jwt: `${FILE}, forwardClaims: { X-User: sub }`,
      rest: 'rollout: { canary: { match: [{ header: { x-user: ada }, from: 10.0.0.0/8 }] } }',
    },
    'this header is told by a filter, and clients could forge it here | ask for the claim itself: claim',
  ],
  [
    'a sticky key that the filter writes',
    { jwt: `${FILE}, forwardClaims: { X-User: sub }`, rest: 'rollout: { stickyKey: { header: x-user } }' },
    'this header is told by a filter, and clients could forge it here | ask for the claim itself: claim',
  ],
  [
    'a claim that nobody has verified in time',
    { jwt: FILE, enforceAt: 'candidate', rest: 'rollout: { stickyKey: { claim: sub } }' },
    'no request has claims when its lane is chosen: no route has a jwt filter at the edge | add enforceAt: edge to the filter of the routes',
  ],
];

test.each(PROBLEMS)('a policy with %s is refused with its place and a hint', (_, written, said) => {
  const found = told(written);
  const errors = found.filter((line) => line.startsWith('error'));
  expect(
    errors.some((line) => line.includes(` ${said}`)),
    found.join('\n'),
  ).toBe(true);
  for (const line of errors) expect(line).toMatch(/^error \d+:\d+ /);
});

test('what is loose and not wrong is a warning where it stands', () => {
  expect(told({ jwt: 'jwks: { file: keys.json }' })).toEqual([
    'warning 8:5 without audience a token that was made for another service is accepted | add audience: NAME',
  ]);
  expect(
    told({
      jwt: FILE,
      rest: 'rollout: { stickyKey: { claim: sub }, canary: { match: [{ claim: { groups: staff } }] } }',
    }),
  ).toEqual([]);
});

test('a rule about a number that no reader of a token can tell is an error at its place', () => {
  const rules = (one: string): string[] => told({ jwt: `${FILE}, issuer: https://a, require: [${one}]` });
  const message = 'numbers above 2^53 are rounded when a token is read';
  for (const rule of ['equals: 9007199254740993', 'contains: -9007199254740993', 'oneOf: [1, 1e300]'])
    expect(rules(`{ claim: id, ${rule} }`).join()).toMatch(
      new RegExp(`^error 8:\\d+ ${message.replace('^', '\\^')}`),
    );
  expect(rules('{ claim: id, oneOf: [1, 9007199254740991] }')).toEqual([]);
});
