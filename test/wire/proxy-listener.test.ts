import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { CA, SERVER_TLS } from '../kit/certificates.ts';
import { binaryHeader, textHeader } from '../kit/proxy-header.ts';
import { until } from '../kit/until.ts';
import { atEnd, RawClient, startServer } from './kit.ts';

const trusting = { trustsProxy: (address: string) => address === '127.0.0.1' };
const GET = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';

test('takes the client from the PROXY header of a trusted peer, in both versions', async () => {
  const { port, seen } = await startServer(undefined, {}, trusting);
  for (const header of [textHeader(), binaryHeader({ checksum: 'right' })]) {
    const client = new RawClient(port);
    client.socket.write(Buffer.concat([header, Buffer.from(GET + GET)]));
    await client.expect(/ok[^]*ok$/);
  }
  expect(seen.map(({ inbound }) => inbound.remoteAddress)).toEqual(Array(4).fill('203.0.113.7'));
});

test('reads a header and a request that come byte by byte', async () => {
  const { port, seen } = await startServer(undefined, {}, trusting);
  for (const header of [textHeader(), binaryHeader()]) {
    const client = connectPlain({ port, host: '127.0.0.1', noDelay: true });
    atEnd(() => client.destroy());
    let text = '';
    client.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    for (const byte of Buffer.concat([header, Buffer.from(GET)])) {
      await new Promise((resolve) => client.write(Uint8Array.of(byte), resolve));
    }
    await until(() => text.endsWith('ok'));
  }
  expect(seen.map(({ inbound }) => inbound.remoteAddress)).toEqual(['203.0.113.7', '203.0.113.7']);
});

test('keeps the peer for a health check of the proxy itself', async () => {
  const { port, seen } = await startServer(undefined, {}, trusting);
  const client = new RawClient(port);
  client.socket.write(binaryHeader({ command: 0x20, family: 0, addresses: Buffer.alloc(0) }));
  client.send(GET);
  await client.expect('ok');
  expect(seen[0]?.inbound.remoteAddress).toBe('127.0.0.1');
});

test('closes a trusted connection without a header and answers nothing', async () => {
  const { port, seen, refused } = await startServer(undefined, {}, trusting);
  const client = new RawClient(port);
  client.send(GET);
  expect(await client.over()).toBe('');
  expect(seen).toEqual([]);
  expect(refused).toMatchObject([{ code: 'proxy_header', status: 0 }]);
});

test('closes a connection of a peer that is not trusted, whatever it says about its clients', async () => {
  const { port, seen, refused } = await startServer(undefined, {}, { trustsProxy: () => false });
  const client = new RawClient(port);
  client.socket.write(Buffer.concat([textHeader(), Buffer.from(GET)]));
  expect(await client.over()).toBe('');
  expect(seen).toEqual([]);
  expect(refused).toMatchObject([{ code: 'proxy_header', detail: 'the peer is no trusted proxy' }]);
});

test('refuses a PROXY header on a listener that asks for none', async () => {
  const { port, seen } = await startServer();
  const client = new RawClient(port);
  client.socket.write(Buffer.concat([textHeader(), Buffer.from(GET)]));
  expect(await client.over()).toMatch(/^HTTP\/1.1 400 /);
  expect(seen).toEqual([]);
});

test('cuts a peer whose header does not come within the time for a head', async () => {
  const { port, server, refused } = await startServer(undefined, { headTimeoutMs: 200 }, trusting);
  const silent = new RawClient(port);
  const half = new RawClient(port);
  half.send('PROXY TCP4');
  await Promise.all([silent.over(), half.over()]);
  await until(() => server.connections === 0);
  expect(refused.map(({ code }) => code)).toEqual(['proxy_header', 'proxy_header']);
});

test('forgets a peer that leaves inside its header', async () => {
  const { port, server, refused } = await startServer(undefined, {}, trusting);
  const one = new RawClient(port);
  const two = new RawClient(port);
  one.send('PROXY');
  await until(() => server.connections === 2);
  one.socket.end();
  two.socket.resetAndDestroy();
  await until(() => server.connections === 0);
  expect(refused).toEqual([]);
});

test('reads the PROXY header before the handshake, in one piece with it or apart', async () => {
  const { port, seen } = await startServer(undefined, {}, { ...trusting, tls: SERVER_TLS });
  const raw = connectPlain(port, '127.0.0.1');
  atEnd(() => raw.destroy());
  await once(raw, 'connect');
  for (const cork of [true, false]) {
    const below = connectPlain({ port, host: '127.0.0.1', noDelay: true });
    atEnd(() => below.destroy());
    await once(below, 'connect');
    if (cork) below.cork();
    below.write(binaryHeader());
    const client = connect({ socket: below, ca: CA, servername: 'localhost' });
    if (cork) setImmediate(() => below.uncork());
    let text = '';
    client.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    client.write(GET);
    await until(() => text.endsWith('ok'));
  }
  expect(seen.map(({ inbound }) => inbound.remoteAddress)).toEqual(['203.0.113.7', '203.0.113.7']);
});

test('serves a PROXY listener with a large body and answers it after the header', async () => {
  const body = 'z'.repeat(1024 * 1024);
  const { port } = await startServer((one) => (one.onDone = () => one.answer(one.body)), {}, trusting);
  const client = new RawClient(port);
  const head = `POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: ${body.length}\r\n\r\n`;
  client.socket.write(Buffer.concat([textHeader(), Buffer.from(head + body)]));
  await until(() => client.text.length > body.length);
  expect(client.text.endsWith(body)).toBe(true);
});

test('blames nobody for health checks that connect and reset at once', async () => {
  const { port, server, seen, refused } = await startServer(undefined, {}, trusting);
  const checks = Array.from({ length: 50 }, () => connectPlain(port, '127.0.0.1'));
  await Promise.all(
    checks.map(async (check) => {
      check.once('connect', () => check.resetAndDestroy());
      await once(check, 'close');
    }),
  );
  const client = new RawClient(port);
  client.socket.write(Buffer.concat([textHeader(), Buffer.from(GET)]));
  await client.expect('ok');
  client.socket.destroy();
  await until(() => server.connections === 0);
  expect(seen.length).toBe(1);
  expect(refused).toEqual([]);
});
