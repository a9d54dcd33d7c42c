import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressCounts, addressGroup } from '../../src/wire/address-counts.ts';
import { CA, SERVER_TLS } from '../kit/certificates.ts';
import { textHeader } from '../kit/proxy-header.ts';
import { until } from '../kit/until.ts';
import { atEnd, RawClient, startServer } from './kit.ts';
import { connect as connectSecure } from 'node:tls';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A client that comes from one of this machine's addresses. */
function clientFrom(port: number, localAddress: string) {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  const client = { socket, text: '', closed: false };
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => (client.text += bytes.toString('latin1')));
  socket.on('close', () => (client.closed = true));
  atEnd(() => socket.destroy());
  socket.write(GET);
  return client;
}

const served = (client: { text: string }) => until(() => client.text.endsWith('ok'), 'an answer');
const told = (client: { text: string }) => until(() => client.text.includes('\r\n\r\n'), 'a word');

test('serves as many connections of one address as it may have, tells further ones, and serves others', async () => {
  const { port, server, refused } = await startServer(undefined, { maxPerAddress: 2 });
  const first = clientFrom(port, '127.0.0.2');
  await served(first);
  await served(clientFrom(port, '127.0.0.2'));
  const third = clientFrom(port, '127.0.0.2');
  await told(third);
  expect(third.text).toMatch(/^HTTP\/1\.1 429 [^]*Retry-After: 1[^]*x-cutover-error: address_limit/);
  expect(refused).toMatchObject([{ code: 'address_limit', status: 429 }]);
  expect(server.refused).toEqual({ limit: 0, dropped: 0, address: 1 });
  await served(clientFrom(port, '127.0.0.3'));
  // A place that is given back is free again.
  first.socket.destroy();
  await until(() => server.connections === 2, 'the end of the first one');
  await served(clientFrom(port, '127.0.0.2'));
});

test('does not limit addresses that speak for many clients', async () => {
  const speaksForMany = (address: string) => address === '127.0.0.4';
  const { port, server } = await startServer(undefined, { maxPerAddress: 1, speaksForMany });
  for (let index = 0; index < 5; index += 1) await served(clientFrom(port, '127.0.0.4'));
  expect(server.refused.address).toBe(0);
});

test('counts the client that a PROXY header names, and not the proxy', async () => {
  const { port, server, refused } = await startServer(
    undefined,
    { maxPerAddress: 1, speaksForMany: (address) => address === '127.0.0.1' },
    { trustsProxy: () => true },
  );
  const via = (source: string) => {
    const client = new RawClient(port);
    client.socket.write(textHeader().toString('latin1').replace('203.0.113.7', source), 'latin1');
    client.send(GET);
    return client;
  };
  await via('203.0.113.7').expect('ok');
  await via('203.0.113.8').expect('ok');
  await via('203.0.113.7').expect(/^HTTP\/1\.1 429 /);
  expect(refused).toMatchObject([{ code: 'address_limit', status: 429 }]);
  expect(server.refused.address).toBe(1);
});

test('closes a connection over TLS before its handshake when its address has enough', async () => {
  const { port, server, refused } = await startServer(undefined, { maxPerAddress: 1 }, { tls: SERVER_TLS });
  const secure = () => {
    const socket = connectSecure({ port, host: '127.0.0.1', ca: CA, servername: 'localhost' });
    const client = { text: '', closed: false };
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => (client.text += bytes.toString('latin1')));
    socket.on('close', () => (client.closed = true));
    socket.write(GET);
    atEnd(() => socket.destroy());
    return client;
  };
  await served(secure());
  const second = secure();
  await until(() => second.closed, 'the end of the second one');
  expect(refused).toMatchObject([{ code: 'address_limit', status: 0 }]);
  expect(server.refused.address).toBe(1);
});

test('nobody is limited where no limit is set', async () => {
  const { port, server } = await startServer();
  for (let index = 0; index < 20; index += 1) await served(clientFrom(port, '127.0.0.5'));
  expect(server.refused).toEqual({ limit: 0, dropped: 0, address: 0 });
});

test('an IPv4 address is its own group, and an IPv6 address shares its /64, however it is written', () => {
  expect(addressGroup('203.0.113.7')).toBe('203.0.113.7');
  for (const address of ['2001:db8::1', '2001:DB8:0:0:ffff::', '2001:0db8:0000:0000:1:2:3:4'])
    expect(addressGroup(address)).toBe('2001:db8:0:0::/64');
  expect(addressGroup('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(addressGroup('::1')).toBe('0:0:0:0::/64');
  expect(addressGroup('64:ff9b::203.0.113.7')).toBe('64:ff9b:0:0::/64');
});

test('two IPv6 addresses share a group exactly when their first 64 bits are the same', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const half = fc.array(fc.oneof(group, fc.constant(0)), { minLength: 4, maxLength: 4 });
  const text = (parts: readonly number[]) => parts.map((part) => part.toString(16)).join(':');
  // As the system writes it, with the longest row of zeros left out.
  const shown = (parts: readonly number[]) => new URL(`http://[${text(parts)}]/`).hostname.slice(1, -1);
  fc.assert(
    fc.property(half, half, half, half, (front, otherFront, back, otherBack) => {
      const one = addressGroup(shown([...front, ...back]));
      expect(addressGroup(shown([...front, ...otherBack]))).toBe(one);
      const other = addressGroup(shown([...otherFront, ...back]));
      expect(other === one).toBe(text(front) === text(otherFront));
    }),
  );
});

test('what is held is given back, and a holder that holds nothing gives nothing', () => {
  const counts = new AddressCounts<object>();
  const holders = [{}, {}, {}] as const;
  counts.hold(holders[0], '2001:db8::1');
  counts.hold(holders[1], '2001:db8::2');
  counts.release(holders[2]);
  expect(counts.count('2001:db8::3')).toBe(2);
  counts.release(holders[0]);
  counts.release(holders[0]);
  expect(counts.count('2001:db8::3')).toBe(1);
});

test('counts connections that are still before their handshake', async () => {
  const { port, server } = await startServer(undefined, { maxPerAddress: 2 }, { tls: SERVER_TLS });
  const silent = Array.from({ length: 6 }, () => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    atEnd(() => socket.destroy());
    return socket;
  });
  await until(() => server.refused.address === 4, 'four to be refused');
  expect(server.connections).toBe(2);
  for (const socket of silent) socket.destroy();
  await until(() => server.connections === 0, 'their places to be free');
  const secure = connectSecure({ port, host: '127.0.0.1', ca: CA, servername: 'localhost' });
  atEnd(() => secure.destroy());
  await new Promise((resolve) => secure.once('secureConnect', resolve));
  expect(server.refused.address).toBe(4);
});
