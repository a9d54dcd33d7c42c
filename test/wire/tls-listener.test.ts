import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { CA, SERVER_TLS } from '../kit/certificates.ts';
import { until } from '../kit/until.ts';
import { atEnd, RawClient, startServer, type Seen } from './kit.ts';

const secure = { tls: SERVER_TLS };

/** A TLS client that keeps what comes back. */
class SecureClient {
  readonly socket: TLSSocket;
  text = '';
  ended = false;
  closed = false;

  constructor(port: number, options: ConnectionOptions = {}) {
    this.socket = connect({ port, host: '127.0.0.1', ca: CA, servername: 'localhost', ...options });
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('error', () => undefined);
    atEnd(() => this.socket.destroy());
  }

  async expect(text: string): Promise<void> {
    await until(() => this.text.includes(text), `${text} in ${this.text.slice(0, 200)}`);
  }
}

const head = () => ({ status: 200, reason: '', fields: new HeaderFields() });

const GET = 'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n';

test('serves requests over TLS on one kept connection, pipelined ones in order', async () => {
  const { port, seen } = await startServer((one) => one.answer(one.head.path), {}, secure);
  const client = new SecureClient(port);
  client.socket.write(GET + GET.replace('/a', '/b'));
  await client.expect('/b');
  client.socket.write(GET.replace('/a', '/c'));
  await client.expect('/c');
  expect(client.text.match(/\r\n\r\n\/[abc]/g)).toEqual(['\r\n\r\n/a', '\r\n\r\n/b', '\r\n\r\n/c']);
  expect(seen[0]?.inbound.remoteAddress).toBe('127.0.0.1');
  expect(client.socket.authorized).toBe(true);
});

test('speaks TLS 1.3 and 1.2 with forward secrecy, and nothing older', async () => {
  const { port, refused } = await startServer(undefined, {}, secure);
  const modern = new SecureClient(port);
  await once(modern.socket, 'secureConnect');
  expect(modern.socket.getProtocol()).toBe('TLSv1.3');
  const older = new SecureClient(port, { maxVersion: 'TLSv1.2' });
  await once(older.socket, 'secureConnect');
  expect(older.socket.getCipher().name).toMatch(/^ECDHE-ECDSA-AES\d+-GCM/);
  const oldest = new SecureClient(port, {
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  });
  await until(() => oldest.closed);
  const weak = new SecureClient(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' });
  await until(() => weak.closed);
  await until(() => refused.length === 2);
  expect(refused.map(({ code, status }) => [code, status])).toEqual([
    ['tls_handshake', 0],
    ['tls_handshake', 0],
  ]);
});

test('agrees on http/1.1 by ALPN and refuses a client that wants only something else', async () => {
  const { port, refused } = await startServer(undefined, {}, secure);
  const both = new SecureClient(port, { ALPNProtocols: ['h2', 'http/1.1'] });
  await once(both.socket, 'secureConnect');
  expect(both.socket.alpnProtocol).toBe('http/1.1');
  const other = new SecureClient(port, { ALPNProtocols: ['h2'] });
  await until(() => other.closed);
  await until(() => refused.length === 1);
});

test('counts a client that speaks plain HTTP to a TLS port, and goes on serving', async () => {
  const { port, seen, refused } = await startServer(undefined, {}, secure);
  const plain = new RawClient(port);
  plain.send(GET);
  await plain.over();
  await until(() => refused.length === 1);
  expect(refused[0]).toMatchObject({ code: 'tls_handshake', detail: 'ERR_SSL_HTTP_REQUEST' });
  const client = new SecureClient(port);
  client.socket.write(GET);
  await client.expect('200');
  expect(seen.length).toBe(1);
});

test('cuts a client that hangs in its handshake in time', async () => {
  const { port, server, refused } = await startServer(undefined, { headTimeoutMs: 300 }, secure);
  const silent = new RawClient(port);
  const half = new RawClient(port);
  half.send('\x16\x03\x01\x02\x00\x01\x00');
  await until(() => server.connections === 2);
  await Promise.all([silent.over(), half.over()]);
  await until(() => server.connections === 0);
  expect(refused.map(({ code }) => code)).toEqual(['tls_handshake', 'tls_handshake']);
  expect(LIMITS.receptionTimeoutMs).toBeLessThanOrEqual(5_000);
});

test('forgets clients that connect and leave, with an end or with a reset, and blames nobody', async () => {
  const { port, server, refused } = await startServer(undefined, {}, secure);
  const one = connectPlain(port, '127.0.0.1');
  const two = connectPlain(port, '127.0.0.1');
  atEnd(() => one.destroy());
  await until(() => server.connections === 2);
  one.end();
  two.write('\x16\x03\x01');
  two.resetAndDestroy();
  await until(() => server.connections === 0);
  expect(refused).toEqual([]);
});

test('carries bodies of one megabyte both ways over TLS', async () => {
  const body = 'x'.repeat(1024 * 1024);
  const { port } = await startServer((seen) => (seen.onDone = () => seen.answer(seen.body)), {}, secure);
  const answer = await fetchSecurely(port, body);
  expect(answer).toHaveLength(body.length);
  expect(answer === body).toBe(true);
});

function fetchSecurely(port: number, body: string, agent = new Agent({ ca: CA })): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('answers a client that closed its sending side with close-notify', async () => {
  let held: Seen | undefined;
  const { port } = await startServer((seen) => (held = seen), {}, secure);
  const client = new SecureClient(port, { allowHalfOpen: true } as ConnectionOptions);
  client.socket.end(GET);
  const seen = await until(() => held);
  seen.answer('late');
  await client.expect('late');
  await until(() => client.ended);
});

test('resets a TLS connection whose answer broke off, so that it cannot look complete', async () => {
  const { port } = await startServer(
    (seen) => {
      seen.inbound.respond({ ...head(), framing: 'close', contentLength: -1 });
      seen.inbound.write(Buffer.from('part'));
      setImmediate(() => setImmediate(() => seen.inbound.destroy()));
    },
    {},
    secure,
  );
  const client = new SecureClient(port);
  let error = '';
  client.socket.on('error', (thrown: NodeJS.ErrnoException) => (error = thrown.code ?? ''));
  client.socket.write('GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
  await until(() => client.closed);
  expect(error).toBe('ECONNRESET');
  expect(client.ended).toBe(false);
});

test('drains: a handshake under way is finished and its request answered with Connection: close', async () => {
  const { port, server } = await startServer(undefined, {}, secure);
  const client = new SecureClient(port);
  await once(client.socket, 'connect');
  await until(() => server.connections === 1);
  const drained = server.drain(5_000);
  await once(client.socket, 'secureConnect');
  client.socket.write(GET);
  await client.expect('Connection: close');
  expect(await drained).toBe(0);
});

test('counts handshakes among the connections and drops those over the limit', async () => {
  const { port, server, refused } = await startServer(undefined, { maxConnections: 2 }, secure);
  const first = new RawClient(port);
  const second = new SecureClient(port);
  await once(second.socket, 'secureConnect');
  await until(() => server.connections === 2);
  const third = new SecureClient(port);
  await until(() => third.closed);
  expect(refused).toMatchObject([{ code: 'overloaded', status: 0 }]);
  first.socket.destroy();
  await until(() => server.connections === 1);
  const fourth = new SecureClient(port);
  await once(fourth.socket, 'secureConnect');
});

test('waits for a TLS client that does not read instead of keeping its answer in memory', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'y');
  const total = 64 * 1024 * 1024;
  let sent = 0;
  let waits = 0;
  const { port } = await startServer(
    (seen) => {
      seen.inbound.respond({ ...head(), framing: 'length', contentLength: total });
      const pour = () => {
        while (sent < total) {
          sent += chunk.length;
          if (seen.inbound.write(chunk)) continue;
          waits += 1;
          if (sent < total) return;
        }
        seen.inbound.end();
      };
      seen.onRoom = pour;
      pour();
    },
    {},
    secure,
  );
  const client = connect({ port, host: '127.0.0.1', ca: CA, servername: 'localhost' });
  atEnd(() => client.destroy());
  client.pause();
  client.write(GET);
  await until(() => waits > 0);
  const stalledAt = await settled(() => sent);
  expect(stalledAt).toBeLessThan(32 * 1024 * 1024);
  let received = 0;
  client.on('data', (bytes: Buffer) => (received += bytes.length));
  client.resume();
  await until(() => received > total);
  expect(sent).toBe(total);
});

/** The value that a growing number comes to rest at. */
async function settled(value: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  await until(() => {
    same = value() === last ? same + 1 : 0;
    last = value();
    return same > 20;
  });
  return last;
}
