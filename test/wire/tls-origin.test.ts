import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { SecureOrigin } from '../../src/wire/secure-origin.ts';
import type { PoolOptions } from '../../src/wire/types.ts';
import { CA, certificate, SERVER_TLS } from '../kit/certificates.ts';
import { until } from '../kit/until.ts';
import { atEnd, call, rawServer, startPool } from './kit.ts';

/** A TLS server that answers each request with the name it was asked for, and its connections. */
async function startOrigin(options: TlsOptions = SERVER_TLS) {
  const sockets: TLSSocket[] = [];
  const server = createServer(options, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const body = `${String(socket.servername)} ${String(socket.alpnProtocol)} ${String(socket.isSessionReused())}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

function startSecurePool(
  port: number,
  tls: { ca?: string | null; serverName?: string | null } = {},
  rest: Partial<PoolOptions> = {},
) {
  const told: string[] = [];
  const secure = new SecureOrigin({ ca: CA, serverName: null, ...tls }, (reason) => told.push(reason));
  return { pool: startPool(port, { secure, ...rest }), told };
}

test('calls a server over TLS on one kept connection', async () => {
  const { port, sockets } = await startOrigin({ ...SERVER_TLS, ALPNProtocols: ['h2', 'http/1.1'] });
  const { pool } = startSecurePool(port, { serverName: 'server.test' });
  for (let turn = 0; turn < 3; turn += 1) {
    const heard = await call(pool).over();
    expect(heard.body).toBe('server.test http/1.1 false');
  }
  expect(sockets.length).toBe(1);
});

test('asks for the name of the host, and for none when the host is an address', async () => {
  const { port } = await startOrigin();
  const byName = startSecurePool(port, {}, { host: 'localhost' });
  expect((await call(byName.pool).over()).body).toMatch(/^localhost /);
  const byAddress = startSecurePool(port);
  expect((await call(byAddress.pool).over()).body).toMatch(/^false /);
});

test('resumes the session on a new connection', async () => {
  const { port, sockets } = await startOrigin();
  const { pool } = startSecurePool(port, { serverName: 'localhost' });
  expect((await call(pool).over()).body).toMatch(/ false$/);
  sockets[0]?.destroy();
  await until(() => pool.stats.open === 0);
  expect((await call(pool).over()).body).toMatch(/ true$/);
});

test.each([
  [
    'an authority that is not trusted',
    SERVER_TLS,
    { ca: certificate('other-ca.pem') },
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ],
  ['the authorities of the system', SERVER_TLS, { ca: null }, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [
    'a certificate that has expired',
    { cert: certificate('expired.pem'), key: certificate('expired.key') },
    { serverName: 'localhost' },
    'CERT_HAS_EXPIRED',
  ],
  [
    'a certificate for another name',
    { cert: certificate('foreign.pem'), key: certificate('foreign.key') },
    { serverName: 'localhost' },
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
  [
    'a name that was asked for and is not in it',
    SERVER_TLS,
    { serverName: 'shop.example' },
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
])('sends nothing to a server with %s, and tells why once', async (_, tls, options, reason) => {
  const { port, sockets } = await startOrigin(tls);
  let bytes = 0;
  const { pool, told } = startSecurePool(port, options);
  for (let turn = 0; turn < 2; turn += 1) {
    const heard = await call(pool, { method: 'POST', framing: 'length', contentLength: 5 }).over();
    expect(heard.failed).toEqual({ code: 'upstream_certificate', sent: false });
  }
  for (const socket of sockets) bytes += socket.bytesRead;
  expect(bytes).toBe(0);
  expect(told.length).toBe(1);
  expect(reason.startsWith('UNABLE') ? told[0]?.startsWith('UNABLE_TO_') : told[0] === reason).toBe(true);
});

test('trusts a certificate that is named itself as its authority', async () => {
  const { port } = await startOrigin();
  const { pool, told } = startSecurePool(port, { ca: CA + certificate('other-ca.pem') });
  expect((await call(pool).over()).head?.status).toBe(200);
  expect(told).toEqual([]);
});

test('fails a call to a server that hangs in the handshake within the connect timeout', async () => {
  const { port } = await rawServer((socket) => socket.on('data', () => undefined));
  const timeouts = { connectMs: 200, firstByteMs: 5_000, idleMs: 5_000, totalMs: 0 };
  const { pool } = startSecurePool(port, {}, { timeouts });
  const heard = await call(pool).over();
  expect(heard.failed).toEqual({ code: 'connect_timeout', sent: false });
});

test('names a server that speaks no TLS, resets or refuses as one that could not be connected', async () => {
  const plain = await rawServer((socket) =>
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  const resets = await rawServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
  for (const { port } of [plain, resets]) {
    const heard = await call(startSecurePool(port).pool).over();
    expect(heard.failed).toEqual({ code: 'connect_failed', sent: false });
  }
  const closed = await rawServer(() => undefined);
  await new Promise((resolve) => closed.server.close(resolve));
  const heard = await call(startSecurePool(closed.port).pool).over();
  expect(heard.failed).toEqual({ code: 'connect_refused', sent: false });
});

test('carries bodies of one megabyte both ways, with backpressure', async () => {
  const server = createHttps(SERVER_TLS, (request, response) => request.pipe(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => server.close());
  atEnd(() => server.closeAllConnections());
  const { pool } = startSecurePool((server.address() as AddressInfo).port);
  const chunk = Buffer.alloc(16 * 1024, 'b');
  const heard = call(pool, { method: 'POST', framing: 'chunked' });
  let sent = 0;
  let waits = 0;
  const pour = () => {
    while (sent < 1024 * 1024) {
      sent += chunk.length;
      if (heard.outbound?.write(chunk) !== false) continue;
      waits += 1;
      return;
    }
    heard.outbound?.end();
  };
  heard.onRoom = pour;
  pour();
  await heard.over();
  expect(heard.bodyBytes).toBe(1024 * 1024);
  expect(waits).toBeGreaterThan(0);
});
