import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import { exchange, RawClient, startServer, textHead } from './kit.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('answers 408 to a head that does not become complete, however slowly it drips', async () => {
  const { port, refused } = await startServer(undefined, { headTimeoutMs: 200 });
  const client = new RawClient(port);
  client.send('GET / HTTP/1.1\r\nX-Slow: ');
  const drip = setInterval(() => client.send('a'), 20);
  expect(await client.over()).toMatch(
    /^HTTP\/1.1 408[^]*x-cutover-error: request_timeout\r\nConnection: close\r\n\r\n$/,
  );
  clearInterval(drip);
  expect(refused).toEqual([{ code: 'request_timeout', status: 408, detail: expect.any(String) }]);
});

test('closes a new connection that says nothing, without a word', async () => {
  const { port, refused } = await startServer(undefined, { headTimeoutMs: 200 });
  expect(await exchange(port, '')).toBe('');
  expect(refused).toEqual([]);
});

test('counts the time for a first head from the connection on, not from its first byte', async () => {
  const { port, refused, server } = await startServer(undefined, { headTimeoutMs: 600 });
  const client = new RawClient(port);
  await until(() => server.connections === 1);
  const since = monotonicMs();
  await until(() => monotonicMs() - since > 450);
  client.send('GET / HTTP/1.1\r\n');
  expect(await client.over()).toMatch(/^HTTP\/1.1 408/);
  const tookMs = monotonicMs() - since;
  expect(tookMs).toBeGreaterThan(580);
  expect(tookMs).toBeLessThan(950);
  expect(refused.length).toBe(1);
});

test('closes a kept connection after its idle time, and not before', async () => {
  const { port } = await startServer(undefined, { keepAliveIdleMs: 300, headTimeoutMs: 100 });
  const client = new RawClient(port);
  client.send(GET);
  await client.expect(/ok$/);
  const since = monotonicMs();
  await client.over();
  expect(monotonicMs() - since).toBeGreaterThan(280);
  expect(client.text).toMatch(/ok$/);
});

test('gives up a client that stalls inside its body', async () => {
  const { port, seen } = await startServer(undefined, { bodyIdleMs: 200 });
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab');
  await client.over();
  expect(seen[0]?.events).toEqual(['body', 'abort client_stalled']);
});

test('does not blame a client for a body that the handler did not want to read', async () => {
  const { port, seen } = await startServer(undefined, { bodyIdleMs: 150 });
  const start = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab';
  const client = new RawClient(port);
  client.send(start);
  await until(() => seen[0]?.body === 'ab');
  seen[0]?.inbound.pause();
  const other = new RawClient(port);
  other.send(start);
  // The second one shows that the time is over for whoever is waited for.
  await until(() => seen[1]?.aborted);
  expect(seen[0]?.aborted).toBeNull();
  client.send('cde');
  seen[0]?.inbound.resume();
  await client.expect('ok');
});

test('gives up a client that closed its sending side when its answer is silent for too long', async () => {
  const { port, seen, server } = await startServer(() => undefined);
  const client = new RawClient(port);
  const since = monotonicMs();
  client.socket.end(GET);
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.events).toEqual(['bodyEnd', 'abort client_aborted']);
  expect(monotonicMs() - since).toBeGreaterThan(LIMITS.halfCloseGraceMs * 0.95);
  expect(monotonicMs() - since).toBeLessThan(LIMITS.halfCloseGraceMs * 1.8);
  expect(server.connections).toBe(0);
  expect(client.text).toBe('');
});

test('goes on with an answer to a client that closed its sending side while the answer moves', async () => {
  const { port, seen } = await startServer(() => undefined);
  const client = new RawClient(port);
  client.socket.end(GET);
  await until(() => seen[0]?.bodyDone);
  const { inbound } = seen[0] as NonNullable<(typeof seen)[0]>;
  inbound.respond({ ...textHead(''), framing: 'close', contentLength: -1 });
  const since = monotonicMs();
  for (let step = 1; step <= 5; step += 1) {
    await until(() => monotonicMs() - since > step * LIMITS.halfCloseGraceMs * 0.5);
    inbound.write(Buffer.from(`part ${step} `));
  }
  inbound.end();
  expect(await client.over()).toMatch(/part 1 [^]*part 5 \r\n0\r\n\r\n$/);
  expect(seen[0]?.finished).toBe(true);
});

test('gives up a client that does not read its answer', async () => {
  const { port, seen } = await startServer(() => undefined, { writeIdleMs: 300 });
  const client = new RawClient(port);
  client.socket.pause();
  client.send(GET);
  await until(() => seen[0]?.bodyDone);
  const { inbound } = seen[0] as NonNullable<(typeof seen)[0]>;
  inbound.respond({
    status: 200,
    reason: '',
    fields: new HeaderFields(),
    framing: 'close',
    contentLength: -1,
  });
  const chunk = Buffer.alloc(64 * 1024);
  while (inbound.write(chunk));
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('client_stalled');
});
