import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { redactConfig } from '../../src/config/compile.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import { keySetOf, signingKey } from '../kit/tokens.ts';
import { compiled, everyProblemOf, problemsOf, SMALLEST } from './kit.ts';

const root = makeAuthority('root');
const own = makeCertificate({
  by: root,
  purposes: ['1.3.6.1.5.5.7.3.1'],
  names: [['dns', 'gw1.internal']],
});
const folder = mkdtempSync(join(tmpdir(), 'cutover-admin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const TOKEN = 'c1'.repeat(20);
const FILES = {
  'own.pem': own.pem,
  'own.key': own.key,
  'ca.pem': root.pem,
  ci: `${TOKEN}\n`,
  short: 'hunter2',
  spaced: `${TOKEN} ${TOKEN}`,
  'keys.json': keySetOf(await signingKey()),
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

interface Remote {
  readonly address?: string;
  readonly tls?: object;
  readonly principals?: readonly object[];
}

const PAIR = { cert: join(folder, 'own.pem'), key: join(folder, 'own.key') };
const ASKS = { ...PAIR, clientAuth: 'optional', clientCa: join(folder, 'ca.pem') };
const byToken = (name: string, file = 'ci') => ({
  name,
  role: 'read',
  token: { file: join(folder, file) },
});
const byName = (name: string, rule: object) => ({ name, role: 'operate', certificate: rule });

/** The smallest configuration with this remote admin API. */
function withRemote({ address = '0.0.0.0:9902', tls = ASKS, principals = [byToken('ci')] }: Remote): string {
  return `${SMALLEST}\nadmin: ${JSON.stringify({ remote: { address, tls, principals } })}\n`;
}

test('a token is known by its hash alone, and neither it nor the key is ever shown', () => {
  const ops = byName('ops', { uri: 'spiffe://shop.example/ops/*' });
  const config = compiled(withRemote({ principals: [byToken('ci'), ops] }));
  expect(config.node.admin.remote).toMatchObject({
    host: '0.0.0.0',
    port: 9902,
    client: { mode: 'optional' },
    principals: [
      { name: 'ci', role: 'read', tokenHash: sha256Hex(TOKEN), certificate: null },
      { name: 'ops', role: 'operate', tokenHash: null, certificate: { type: 'uri', match: 'prefix' } },
    ],
  });
  const shown = JSON.stringify(redactConfig(config));
  for (const secret of [TOKEN, sha256Hex(TOKEN), 'PRIVATE KEY']) expect(shown).not.toContain(secret);
});

test('who may ask from afar changes no evidence', () => {
  const hash = (remote: Remote): string => compiled(withRemote(remote)).gateway.hash;
  expect(hash({ principals: [byToken('one')] })).toBe(hash({ principals: [byToken('two')] }));
});

test.each<[string, Remote, string]>([
  ['no TLS key', { tls: { cert: PAIR.cert } }, 'the key "key" is missing'],
  ['a certificate without its file', { tls: { ...PAIR, cert: '/nowhere.pem' } }, 'there is no such file'],
  [
    'nobody who is asked for a certificate',
    { tls: PAIR, principals: [byName('ops', { dns: '*.ci.example' })] },
    'nobody is asked for a certificate here',
  ],
  ['a token that can be guessed', { principals: [byToken('ci', 'short')] }, 'can be guessed'],
  [
    'a token with spaces',
    { principals: [byToken('ci', 'spaced')] },
    'no header can carry a token with spaces',
  ],
  ['one token for two', { principals: [byToken('ci'), byToken('cd')] }, 'the token of another principal'],
  [
    'one name for two',
    { principals: [byToken('ci'), byName('ci', { dns: 'a.example' })] },
    'another principal is ci',
  ],
  ['the name of this machine', { principals: [byToken('local')] }, 'local is who asks on this machine'],
  ['nobody', { principals: [] }, 'expected at least 1'],
  [
    'no proof',
    { principals: [{ name: 'ci', role: 'read' }] },
    'expected exactly one of: token, certificate, jwt',
  ],
  ['a role that is none', { principals: [{ ...byToken('ci'), role: 'root' }] }, 'expected one of'],
  ['the loopback address', { address: '127.0.0.1:9901' }, 'admin.address is this one'],
  ['the address of a listener', { address: '127.0.0.1:8080' }, 'a listener has this address already'],
  ['a unix socket', { address: 'unix:/run/admin.sock' }, 'the remote admin API is for other machines'],
])('a remote admin API with %s is refused when it loads', (_, remote, message) => {
  const errors = problemsOf(withRemote(remote)).filter(({ severity }) => severity === 'error');
  expect(errors.map((problem) => problem.message).join('\n')).toContain(message);
});

test('a principal may be whoever has a token that meets the policy of a filter, which no route needs', () => {
  const jwks = { file: join(folder, 'keys.json') };
  const filters = {
    admins: { jwt: { jwks, audience: 'cutover', require: [{ claim: 'roles', contains: 'ops' }] } },
  };
  const sso = { name: 'sso', role: 'operate', jwt: 'admins' };
  const text = (name: string) =>
    `${withRemote({ principals: [{ ...sso, jwt: name }] })}filters: ${JSON.stringify(filters)}\n`;
  const config = compiled(text('admins'));
  expect(config.node.admin.remote?.principals).toMatchObject([
    { name: 'sso', policy: { kind: 'jwt', name: 'admins' } },
  ]);
  const warned = everyProblemOf(text('admins')).map(({ message }) => message);
  expect(warned).not.toContain('no route uses this filter');
  expect(JSON.stringify(redactConfig(config).node)).not.toContain('"crv"');
  const said = problemsOf(text('nobody')).map(({ message }) => message);
  expect(said).toContain('there is no filter nobody with a policy for tokens');
});

test('a remote admin API that no other machine reaches is warned about', () => {
  const [problem] = problemsOf(withRemote({ address: '127.0.0.1:9902' }));
  expect(problem).toMatchObject({ severity: 'warning', message: 'no other machine reaches this address' });
});
