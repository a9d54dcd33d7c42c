import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../bench/certificate.ts';
import { runLoad } from '../../bench/load.ts';
import { findOnPath } from '../../bench/paths.ts';
import { temporaryFolder } from '../kit/process.ts';

const SECONDS = 0.3;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Counts {
  requests: number;
  connections: number;
  bodyBytes: number;
  methods: Set<string>;
}

/** Answers after the request's body, and counts. */
async function listen(
  make: (handler: (request: IncomingMessage, response: ServerResponse) => void) => Server,
) {
  const counts: Counts = { requests: 0, connections: 0, bodyBytes: 0, methods: new Set() };
  const server = make((request, response) => {
    counts.requests += 1;
    counts.methods.add(request.method ?? '');
    request.on('data', (chunk: Buffer) => (counts.bodyBytes += chunk.length));
    request.on('end', () => {
      if (request.url === '/close') response.setHeader('connection', 'close');
      response.statusCode = request.url === '/bad' ? 500 : 200;
      response.end('hello');
    });
  });
  servers.push(server);
  server.on('connection', () => (counts.connections += 1));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { counts, port: (server.address() as AddressInfo).port };
}

const plain = () => listen((handler) => createServer(handler));

test('the own client keeps its connections and counts what it got', async () => {
  const { counts, port } = await plain();
  const figures = await runLoad(`http://127.0.0.1:${port}/`, { kind: 'closed', connections: 2 }, SECONDS);
  expect(figures.requests).toBeGreaterThan(2);
  expect(figures.errors).toBe(0);
  expect(counts.connections).toBe(2);
  // Two may be under way at the end.
  expect(counts.requests - figures.requests).toBeLessThanOrEqual(2);
  expect(figures.p50Ms).toBeLessThanOrEqual(figures.p99Ms);
  expect(figures.p99Ms).toBeLessThanOrEqual(figures.p999Ms);
});

test('the own client counts answers that are errors', async () => {
  const { port } = await plain();
  const figures = await runLoad(`http://127.0.0.1:${port}/bad`, { kind: 'closed', connections: 1 }, SECONDS);
  expect(figures.errors).toBe(figures.requests);
});

test('the own client opens a connection for every request when asked', async () => {
  const { counts, port } = await plain();
  const plan = { kind: 'closed', connections: 2, newConnections: true } as const;
  const figures = await runLoad(`http://127.0.0.1:${port}/`, plan, SECONDS);
  expect(figures.errors).toBe(0);
  expect(figures.requests).toBeGreaterThan(2);
  expect(counts.connections).toBeGreaterThanOrEqual(figures.requests);
});

test('the own client takes a connection that the server ends for no error', async () => {
  const { counts, port } = await plain();
  const plan = { kind: 'closed', connections: 1 } as const;
  const figures = await runLoad(`http://127.0.0.1:${port}/close`, plan, SECONDS);
  expect(figures.errors).toBe(0);
  expect(counts.connections).toBeGreaterThanOrEqual(figures.requests);
});

test('the own client sends bodies of the length it was told', async () => {
  const { counts, port } = await plain();
  const plan = { kind: 'closed', connections: 1, bodyBytes: 20_480 } as const;
  const figures = await runLoad(`http://127.0.0.1:${port}/`, plan, SECONDS);
  expect([...counts.methods]).toEqual(['POST']);
  expect(figures.errors).toBe(0);
  expect(counts.bodyBytes).toBeGreaterThanOrEqual(figures.requests * 20_480);
});

test('an open loop counts latency from the moment a request was due', async () => {
  let answered = 0;
  const { port } = await listen((handler) =>
    createServer((request, response) => {
      answered += 1;
      // A stall in the middle: whoever was due meanwhile waited, too.
      if (answered === 200) setTimeout(() => handler(request, response), 150);
      else handler(request, response);
    }),
  );
  const plan = { kind: 'open', connections: 1, perSecond: 200 } as const;
  const figures = await runLoad(`http://127.0.0.1:${port}/`, plan, 2);
  expect(figures.requests).toBeGreaterThan(200);
  expect(figures.p99Ms).toBeGreaterThan(100);
});

test.skipIf(findOnPath('openssl') === null)(
  'the own client speaks TLS to a certificate of the bench',
  async () => {
    const folder = temporaryFolder('cutover-bench-tls-test');
    const certificate = makeCertificate(folder.path);
    const { certFile = '', keyFile = '' } = certificate ?? {};
    const files = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const { port } = await listen((handler) => createTlsServer(files, handler));
    const figures = await runLoad(`https://127.0.0.1:${port}/`, { kind: 'closed', connections: 2 }, SECONDS);
    expect(figures.errors).toBe(0);
    expect(figures.requests).toBeGreaterThan(2);
    folder.remove();
  },
);
