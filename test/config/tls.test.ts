import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redactConfig } from '../../src/config/compile.ts';
import { loadConfig } from '../../src/config/load.ts';
import { CERTIFICATES, certificate } from '../kit/certificates.ts';
import { compiled, folderWith, problemsOf, SMALLEST, told } from './kit.ts';

const at = (file: string) => join(CERTIFICATES, file);
const listening = (tls: string, more = '') => SMALLEST.replace('8080 }', `8080, tls: { ${tls} } }`) + more;
const pair = `cert: ${at('server.pem')}, key: ${at('server.key')}`;

test('reads certificate and key of a listener and hides the key wherever the configuration is shown', () => {
  const config = compiled(listening(pair));
  expect(config.gateway.listeners[0]?.tls).toEqual({
    cert: certificate('server.pem'),
    key: certificate('server.key'),
  });
  expect(JSON.stringify(redactConfig(config))).not.toContain('PRIVATE KEY');
  expect(config.gateway.hash).toBe(compiled(SMALLEST).gateway.hash);
});

test('finds certificate and key beside the configuration', () => {
  const folder = folderWith({
    'cutover.yaml': listening('cert: own.pem, key: own.key'),
    'own.pem': certificate('server.pem'),
    'own.key': certificate('server.key'),
  });
  expect(loadConfig(join(folder, 'cutover.yaml')).ok).toBe(true);
});

test.each([
  ['a file that is not there', `cert: ${at('none.pem')}, key: ${at('server.key')}`, 'there is no such file'],
  [
    'a key in place of the certificate',
    `cert: ${at('server.key')}, key: ${at('server.key')}`,
    'there is no certificate in this file',
  ],
  [
    'a certificate in place of the key',
    `cert: ${at('server.pem')}, key: ${at('server.pem')}`,
    'there is no private key in this file',
  ],
  [
    'a certificate that has expired',
    `cert: ${at('expired.pem')}, key: ${at('expired.key')}`,
    'the certificate of CN=expired.test expired on 2021-01-01',
  ],
  [
    'a key that belongs to another certificate',
    `cert: ${at('server.pem')}, key: ${at('foreign.key')}`,
    'this private key does not belong to the certificate',
  ],
])('says what is wrong at its place: %s', (_, tls, message) => {
  const problems = problemsOf(listening(tls));
  expect(problems.map((problem) => problem.message)).toEqual([message]);
  expect(problems[0]?.line).toBe(1);
  expect(problems[0]?.hint).toBeTruthy();
});

test('says that a key needs a passphrase and that a chain is in the wrong order', () => {
  const folder = folderWith({
    'locked.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n',
    'turned.pem': certificate('ca.pem') + certificate('server.pem'),
  });
  const locked = listening(`cert: ${at('server.pem')}, key: ${join(folder, 'locked.key')}`);
  expect(problemsOf(locked)[0]?.message).toBe('this private key needs a passphrase');
  const turned = listening(`cert: ${join(folder, 'turned.pem')}, key: ${at('server.key')}`);
  expect(problemsOf(turned)[0]?.message).toBe('the own certificate is not the first');
});

test('wants certificate and key together', () => {
  expect(told(listening(`cert: ${at('server.pem')}`))).toEqual([expect.stringContaining('key')]);
});

test('refuses a listener that asks for PROXY headers and trusts nobody', () => {
  const text = SMALLEST.replace('8080 }', '8080, proxyProtocol: true }');
  expect(told(text)).toEqual([
    '1:37 nobody could connect here: a PROXY header is believed from trusted proxies only | add trustedProxies: [10.0.0.0/8] with the addresses of your own proxies',
  ]);
  const trusting = compiled(`${text}trustedProxies: [10.0.0.0/8, unix]\n`);
  expect(trusting.gateway.listeners[0]?.proxyProtocol).toBe(true);
  expect(trusting.gateway.trustedProxies).toEqual(['10.0.0.0/8', 'unix']);
});

test('takes HTTPS servers with authorities and a name of their own', () => {
  const text = SMALLEST.replace(
    'servers: [http://127.0.0.1:8081]',
    `servers: [https://shop.internal, https://10.0.0.1:8443], tls: { ca: ${at('ca.pem')}, serverName: shop.internal }`,
  );
  const config = compiled(text);
  expect(config.gateway.legacy).toMatchObject({
    servers: [
      { scheme: 'https', host: 'shop.internal', port: 443 },
      { scheme: 'https', host: '10.0.0.1', port: 8443 },
    ],
    tls: { ca: certificate('ca.pem'), serverName: 'shop.internal' },
  });
  const other = compiled(text.replace('ca.pem', 'other-ca.pem'));
  expect(other.gateway.hash).toBe(config.gateway.hash);
  expect(compiled(text.replace('serverName: shop', 'serverName: other')).gateway.hash).not.toBe(
    config.gateway.hash,
  );
});

test('refuses authorities that cannot be read, and TLS for servers that speak none', () => {
  const legacy = (server: string, ca: string) =>
    SMALLEST.replace('[http://127.0.0.1:8081]', `[${server}], tls: { ca: ${ca} }`);
  expect(problemsOf(legacy('https://a', '/none'))[0]?.message).toBe('there is no such file');
  expect(problemsOf(legacy('https://a', at('server.key')))[0]?.message).toBe(
    'there is no certificate in this file',
  );
  expect(problemsOf(legacy('http://a', at('ca.pem')))[0]?.message).toBe('none of these servers speaks TLS');
});

test('has no switch that turns verification off', () => {
  const text = SMALLEST.replace('[http://127.0.0.1:8081]', '[https://a], tls: { verify: false }');
  expect(problemsOf(text)[0]?.message).toContain('verify');
});

test('takes unix sockets to listen on and as servers, and knows when they are the same', () => {
  const config = compiled(
    SMALLEST.replace('127.0.0.1:8080', 'unix:/run/cutover.sock').replace(
      'http://127.0.0.1:8081',
      'unix:/run/app.sock',
    ),
  );
  expect(config.gateway.listeners[0]).toEqual({ host: 'unix:/run/cutover.sock', port: 0, region: null });
  expect(config.gateway.legacy.servers[0]).toEqual({ scheme: 'http', host: 'unix:/run/app.sock', port: 0 });
  const loop = SMALLEST.replace('127.0.0.1:8080', 'unix:/run/a.sock').replace(
    'http://127.0.0.1:8081',
    'unix:/run/a.sock',
  );
  expect(problemsOf(loop)[0]?.message).toContain('loop');
  const twice = SMALLEST.replace(
    'address: 127.0.0.1:8080 }',
    'address: unix:/run/a.sock }, { address: unix:/run/a.sock }',
  );
  expect(problemsOf(twice)[0]?.message).toBe('listen[0] has this address already');
  for (const wrong of ['unix:app.sock', 'unix:', 'unix:/run/', `unix:/${'x'.repeat(100)}`]) {
    expect(problemsOf(SMALLEST.replace('127.0.0.1:8080', wrong)), wrong).toHaveLength(1);
    expect(problemsOf(SMALLEST.replace('http://127.0.0.1:8081', wrong)), wrong).toHaveLength(1);
  }
});
