import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { ArrivalDesk } from '../../src/gateway/arrival.ts';
import { forwardedFields } from '../../src/gateway/forwarded.ts';
import { forwardedHops } from '../../src/gateway/forwarded-header.ts';
import { SERVER_TLS } from '../kit/certificates.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import type { RequestHead } from '../../src/wire/types.ts';

const desk = new ArrivalDesk(
  gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:2', {
    trustedProxies: ['10.0.0.0/8', '2001:db8:1::/48', 'unix'],
    listeners: [
      { host: '127.0.0.1', port: 0, region: null },
      { host: '127.0.0.1', port: 0, region: null, tls: SERVER_TLS },
    ],
  }),
);

/** What goes on of a request, by lower-case name, and who is taken for the client. */
function pass(remoteAddress: string, list: string[] = [], listener = 0) {
  const fields = new HeaderFields(list.slice());
  const head = { fields, host: 'shop.example' } as RequestHead;
  const arrival = desk.arrive({ head, remoteAddress, listener, client: null });
  const sent = forwardedFields(head, arrival, []);
  const value = (name: string) => (sent.has(name) ? sent.all(name).join(' + ') : null);
  return { client: arrival.clientAddress, value };
}

const LIES = [
  'X-Forwarded-For',
  '1.1.1.1',
  'x-forwarded-for',
  '2.2.2.2',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'evil.example',
  'X-Forwarded-Port',
  '1',
  'X-Forwarded-Prefix',
  '/admin',
  'X-Forwarded-Client-Cert',
  'x',
  'X-Real-IP',
  '3.3.3.3',
  'Forwarded',
  'for=4.4.4.4;proto=https;host=evil.example',
];

test('lets nothing through that an untrusted peer says about the way of its request', () => {
  const { client, value } = pass('203.0.113.9', LIES);
  expect(client).toBe('203.0.113.9');
  expect(value('x-forwarded-for')).toBe('203.0.113.9');
  expect(value('x-forwarded-proto')).toBe('http');
  expect(value('x-forwarded-host')).toBe('shop.example');
  expect(value('x-real-ip')).toBe('203.0.113.9');
  for (const name of ['x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-client-cert', 'forwarded']) {
    expect(value(name), name).toBeNull();
  }
});

test('believes what a trusted peer says and adds the peer to the chain', () => {
  const said = [
    'X-Forwarded-For',
    '198.51.100.4, 10.0.0.9',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Port',
    '443',
  ];
  const { client, value } = pass('10.0.0.1', said);
  expect(client).toBe('198.51.100.4');
  expect(value('x-forwarded-for')).toBe('198.51.100.4, 10.0.0.9, 10.0.0.1');
  expect(value('x-forwarded-proto')).toBe('https');
  expect(value('x-forwarded-port')).toBe('443');
  expect(value('x-real-ip')).toBe('198.51.100.4');
});

test('stops at the first hop that is not trusted, whatever stands before it', () => {
  const { client } = pass('10.0.0.1', ['X-Forwarded-For', '1.1.1.1, 203.0.113.9, 10.0.0.9']);
  expect(client).toBe('203.0.113.9');
  expect(pass('10.0.0.1', ['Forwarded', 'for=1.1.1.1, for=203.0.113.9, for=10.0.0.9']).client).toBe(
    '203.0.113.9',
  );
});

test('reads Forwarded of a trusted peer when there is no X-Forwarded-For', () => {
  const said =
    'for="[2001:db8:cafe::17]:4711";proto=https;host="shop.example:8443", For=10.0.0.9;by=10.0.0.2';
  const { client, value } = pass('10.0.0.1', ['Forwarded', said]);
  expect(client).toBe('2001:db8:cafe::17');
  expect(value('x-forwarded-for')).toBe('2001:db8:cafe::17, 10.0.0.9, 10.0.0.1');
  expect(value('x-forwarded-proto')).toBe('https');
  expect(value('x-forwarded-host')).toBe('shop.example:8443');
  expect(value('forwarded')).toBe(`${said}, for=10.0.0.1;proto=http`);
});

test('lets X-Forwarded-For decide where both stand, and drops the other', () => {
  const said = ['Forwarded', 'for=1.1.1.1;proto=https', 'X-Forwarded-For', '198.51.100.4'];
  const { client, value } = pass('10.0.0.1', said);
  expect(client).toBe('198.51.100.4');
  expect(value('forwarded')).toBeNull();
  expect(value('x-forwarded-proto')).toBe('http');
});

test('takes the peer for the client where a hop hides itself or is none', () => {
  for (const node of ['unknown', '_hidden', '"_SEVKISEK:_port"', 'shop', '"[::1"', '1.2.3.4.5']) {
    expect(pass('10.0.0.1', ['Forwarded', `for=1.1.1.1, for=${node}`]).client, node).toBe('10.0.0.1');
  }
  expect(pass('10.0.0.1', ['Forwarded', 'proto=https']).client).toBe('10.0.0.1');
  expect(pass('10.0.0.1', ['Forwarded', 'for=_x']).value('x-forwarded-for')).toBe('unknown, 10.0.0.1');
});

test('drops a Forwarded field that breaks its grammar as a whole', () => {
  const wrong = [
    '',
    'for',
    'for=',
    'for=1.1.1.1;',
    'for=1.1.1.1,',
    'for="1.1.1.1',
    'for=1.1.1.1 2.2.2.2',
    ',',
    'for=[::1]',
  ];
  for (const text of [...wrong, 'for=1.1.1.1;for=2.2.2.2', 'for =1.1.1.1', 'a\u0000=b']) {
    const { client, value } = pass('10.0.0.1', ['Forwarded', text]);
    expect([text, client, value('forwarded')]).toEqual([text, '10.0.0.1', null]);
  }
});

test('reads quoted strings with escapes, names in any case, and several fields as one list', () => {
  const fields = new HeaderFields([
    'Forwarded',
    'FOR="1.1.1.\\1" ; Proto="https"',
    'forwarded',
    'for=2.2.2.2;ext="a,b;c\\""',
  ]);
  expect(forwardedHops(fields)).toEqual([
    { for: '1.1.1.1', proto: 'https', host: '' },
    { for: '2.2.2.2', proto: '', host: '' },
  ]);
});

test('reads any Forwarded text in linear time and without a throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2_000 }), (text) => {
      forwardedHops(new HeaderFields(['Forwarded', text]));
      pass('10.0.0.1', ['Forwarded', `for=${text}`, 'X-Other', text]);
    }),
  );
  forwardedHops(new HeaderFields(['Forwarded', `for="${'\\a'.repeat(8_000)}`]));
});

test('says https for what came over TLS, and keeps what a trusted peer says instead', () => {
  expect(pass('203.0.113.9', [], 1).value('x-forwarded-proto')).toBe('https');
  expect(pass('10.0.0.1', ['X-Forwarded-Proto', 'http'], 1).value('x-forwarded-proto')).toBe('http');
});

test('knows IPv6 peers, brackets and IPv4 in IPv6 dress as one address each', () => {
  expect(pass('2001:db8:1::5', ['X-Forwarded-For', '[2001:DB8:2::1]:443']).client).toBe('2001:db8:2::1');
  expect(pass('::ffff:10.0.0.1', ['X-Forwarded-For', '::ffff:198.51.100.4']).client).toBe('198.51.100.4');
  expect(pass('::ffff:203.0.113.9', LIES).client).toBe('203.0.113.9');
  const said = pass('2001:db8:1::5', ['Forwarded', 'for=198.51.100.4']).value('forwarded');
  expect(said).toBe('for=198.51.100.4, for="[2001:db8:1::5]";proto=http');
});

test('believes peers on a unix socket when unix is trusted, and adds no address for them', () => {
  const { client, value } = pass('unix', ['X-Forwarded-For', '198.51.100.4']);
  expect(client).toBe('198.51.100.4');
  expect(value('x-forwarded-for')).toBe('198.51.100.4');
  expect(pass('unix').value('x-forwarded-for')).toBe('unix');
  expect(pass('unix', ['Forwarded', 'for=198.51.100.4']).value('forwarded')).toBe(
    'for=198.51.100.4, for=unknown;proto=http',
  );
});
