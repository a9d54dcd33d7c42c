import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, Agent, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { Pool } from '../../src/wire/types.ts';
import { createWireServer } from '../../src/wire/server.ts';
import { until } from '../kit/until.ts';
import { atEnd, RawClient, rawServer, serverOptions, startPool } from './kit.ts';
import { SmallestProxy } from './smallest-proxy.ts';

async function startRelay(port: number, connections = 200): Promise<{ port: number; pool: Pool }> {
  const pool = startPool(port, { maxConnections: connections });
  const server = createWireServer(
    { onRequest: (inbound) => void new SmallestProxy(inbound, pool), onRefused: () => undefined },
    { ...serverOptions, maxConnections: connections },
  );
  const listening = await server.listen({ host: '127.0.0.1', port: 0, reusePort: false, index: 0 });
  atEnd(() => server.drain(0));
  return { port: listening, pool };
}

async function startHttp(listener: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.closeAllConnections());
  atEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function fetchText(
  port: number,
  agent: Agent,
  method: string,
  path: string,
  body: string,
): Promise<string> {
  const request = httpRequest({ port, host: '127.0.0.1', agent, method, path });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return `${response.statusCode} ${text.length} ${text.slice(0, 20)}`;
}

test('relays many requests of many clients without losing or mixing one', async () => {
  const upstream = await startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      if (request.url?.includes('length'))
        response.setHeader('content-length', body.length + 2 + (request.url?.length ?? 0));
      response.end(`${request.url} ${body}|`);
    });
  });
  const { port, pool } = await startRelay(upstream);
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  atEnd(() => agent.destroy());
  const sizes = [0, 1, 1_000, 20_000, 200_000];
  const runs = Array.from({ length: 400 }, async (_, index) => {
    const path = `/${index % 2 ? 'length' : 'chunks'}/${index}`;
    const body = 'x'.repeat(sizes[index % sizes.length] ?? 0);
    const method = index % 3 === 0 ? 'PUT' : 'POST';
    const whole = `${path} ${body}|`;
    expect(await fetchText(port, agent, method, path, body)).toBe(
      `200 ${whole.length} ${whole.slice(0, 20)}`,
    );
  });
  await Promise.all(runs);
  await until(() => pool.stats.active === 0);
  expect(pool.stats.open).toBeLessThanOrEqual(20);
});

test('holds a large answer back while its client reads slowly, in bounded memory', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'a');
  const total = 200 * 1024 * 1024;
  let produced = 0;
  const { port: upstream } = await rawServer((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const more = (): void => {
        while (produced < total) {
          produced += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on('drain', more);
      more();
    });
  });
  const { port } = await startRelay(upstream);
  const client = connect(port, '127.0.0.1');
  atEnd(() => client.destroy());
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  let before = -1;
  await until(async () => {
    const still = produced === before && produced > 0;
    before = produced;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still;
  }, 'the server to be stopped');
  expect(produced).toBeLessThan(40 * 1024 * 1024);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(64 * 1024 * 1024);
  let received = 0;
  let peak = 0;
  client.on('data', (data: Buffer) => {
    received += data.length;
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  });
  client.resume();
  await until(() => received > total, 'the whole answer', 30_000);
  expect(peak).toBeLessThan(128 * 1024 * 1024);
});

test.each(['length', 'chunked'])(
  'holds a large upload by %s back while its server reads slowly',
  async (framing) => {
    const { port: upstream, sockets } = await rawServer((socket) => socket.pause());
    const { port } = await startRelay(upstream);
    const total = 100 * 1024 * 1024;
    const request = httpRequest({ port, host: '127.0.0.1', method: 'PUT', agent: false });
    request.on('error', () => undefined);
    atEnd(() => request.destroy());
    if (framing === 'length') request.setHeader('content-length', total);
    const chunk = Buffer.alloc(64 * 1024, 'a');
    let sent = 0;
    const more = (): void => {
      while (sent < total) {
        sent += chunk.length;
        if (!request.write(chunk)) return;
      }
      request.end();
    };
    request.on('drain', more);
    more();
    let before = -1;
    await until(async () => {
      const still = sent === before && sockets.length === 1;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still;
    }, 'the client to be stopped');
    expect(sent).toBeLessThan(40 * 1024 * 1024);
    let received = 0;
    const socket = sockets[0] as NonNullable<(typeof sockets)[0]>;
    socket.on('data', (data: Buffer) => {
      received += data.length;
      if (received > total) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    socket.resume();
    const [response] = await answered;
    expect(response.statusCode).toBe(200);
  },
  60_000,
);

test('cuts its client when the server cuts its answer', async () => {
  const { port: upstream } = await rawServer((socket) => {
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    );
  });
  const { port } = await startRelay(upstream);
  const client = new RawClient(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const text = await client.over();
  expect(text).toMatch(/abc\r\n$/);
});

test('destroys the connection to the server when the client cuts its body', async () => {
  let text = '';
  let ended = false;
  const { port: upstream } = await rawServer((socket) => {
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
    socket.on('end', () => (ended = true));
    socket.on('close', () => (ended = true));
  });
  const { port, pool } = await startRelay(upstream);
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  await until(() => text.includes('abc'));
  client.socket.end();
  await until(() => ended);
  expect(text).not.toContain('0\r\n\r\n');
  expect(pool.stats.open).toBe(0);
});

test('gives up the calls of clients that hung up while they waited', async () => {
  const { port: upstream, sockets } = await rawServer((socket) => socket.resume());
  const { port, pool } = await startRelay(upstream, 700);
  const clients = Array.from({ length: 600 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    return socket;
  });
  await until(() => sockets.length === clients.length && pool.stats.active === clients.length);
  for (const client of clients) client.destroy();
  await until(() => pool.stats.open === 0, 'the calls to be given up', LIMITS.halfCloseGraceMs * 2);
  await until(() => sockets.every((socket) => socket.closed || socket.readableEnded));
});

/** Bytes that tell where they belong. */
function patterned(bytes: number, seed: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  for (let index = 0; index < words.length; index += 1) words[index] = index * 4 + seed * 0x0100_0193;
  return Buffer.from(words.buffer);
}

test('never mixes the bytes of messages that are relayed at the same time, fast or slow', async () => {
  const bytes = 4 * 1024 * 1024;
  const upstream = await startHttp((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      request.pause();
      setTimeout(() => request.resume(), 1);
    });
    request.on('end', () => {
      response.setHeader('x-hash', hash.digest('hex'));
      response.end(patterned(bytes, Number(request.url?.slice(1))));
    });
  });
  const { port } = await startRelay(upstream);
  const runs = Array.from({ length: 6 }, async (_, index) => {
    const sent = patterned(bytes, 100 + index);
    const request = httpRequest({ port, host: '127.0.0.1', method: 'PUT', path: `/${index}`, agent: false });
    request.end(sent);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const hash = createHash('sha256');
    for await (const chunk of response) {
      hash.update(chunk as Buffer);
      if (index % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(response.headers['x-hash']).toBe(createHash('sha256').update(sent).digest('hex'));
    expect(hash.digest('hex')).toBe(createHash('sha256').update(patterned(bytes, index)).digest('hex'));
  });
  await Promise.all(runs);
}, 30_000);
