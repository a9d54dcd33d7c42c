import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { until } from '../kit/until.ts';
import { exchange, RawClient, startServer } from './kit.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const ONCE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('drains: answers what runs and one more request of each idle connection, then is done', async () => {
  const { port, seen, server } = await startServer((one) => {
    if (one.head.path === '/') one.onDone = () => one.answer();
  });
  const idle = new RawClient(port);
  idle.send(GET);
  await idle.expect(/ok$/);
  const busy = new RawClient(port);
  busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => seen.length === 2 && seen[1]?.bodyDone);
  const drained = server.drain(10_000);
  await until(async () => (await exchange(port, ONCE)) === '', 'the listener to close');
  seen[1]?.answer('slow');
  expect(await busy.over()).toMatch(/Connection: close\r\n\r\nslow$/);
  busy.socket.end();
  expect(idle.ended).toBe(false);
  idle.send(GET);
  expect(await idle.over()).toMatch(/ok[^]*Connection: close\r\n\r\nok$/);
  idle.socket.end();
  expect(await drained).toBe(0);
  expect(server.connections).toBe(0);
});

test('cuts what is left at the deadline and counts what was running', async () => {
  const { port, seen, server } = await startServer(() => undefined);
  const idle = new RawClient(port);
  const busy = new RawClient(port);
  busy.send(GET);
  await until(() => seen.length === 1 && server.connections === 2);
  expect(await server.drain(100)).toBe(1);
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('draining');
  await Promise.all([idle.over(), busy.over()]);
});

test('answers connections that were waiting in the accept queue when the drain began', async () => {
  const { port, server } = await startServer();
  const clients = Array.from({ length: 30 }, () => new RawClient(port));
  await until(() => clients.some((client) => !client.socket.connecting));
  for (const client of clients) client.send(ONCE);
  const drained = server.drain(5_000);
  const answers = await Promise.all(clients.map((client) => client.over()));
  for (const client of clients) client.socket.end();
  expect(answers.every((answer) => answer.endsWith('ok'))).toBe(true);
  expect(await drained).toBe(0);
});

test('listens on several addresses and says which one a request came by', async () => {
  const { seen, server } = await startServer();
  const second = await server.listen({ host: '127.0.0.1', port: 0, reusePort: true, index: 7 });
  const third = await server.listen({ host: '127.0.0.1', port: second, reusePort: true, index: 8 });
  expect(third).toBe(second);
  const client = new RawClient(second);
  client.send(GET);
  await client.expect('ok');
  expect([7, 8]).toContain(seen[0]?.inbound.listener);
  await server.drain(0);
  await expect(server.listen({ host: '127.0.0.1', port: 0, reusePort: false, index: 0 })).rejects.toThrow(
    'draining',
  );
});

test('uses new options for new connections', async () => {
  const { port, server } = await startServer();
  server.reconfigure({
    headTimeoutMs: 100,
    bodyIdleMs: 100,
    writeIdleMs: 100,
    keepAliveIdleMs: 100,
    maxConnections: 0,
    maxBodyBytes: 0,
  });
  expect(await exchange(port, GET)).toMatch(/^HTTP\/1.1 503/);
});

test('a drain closes connections that wait for a request, long before its deadline', async () => {
  const { port, server } = await startServer((one) => {
    one.onDone = () => one.answer();
  });
  const client = new RawClient(port);
  client.send(GET);
  await client.expect(/ok$/);
  const beganMs = monotonicMs();
  const drained = server.drain(60_000);
  await client.over();
  client.socket.end();
  expect(await drained).toBe(0);
  expect(monotonicMs() - beganMs).toBeLessThan(30_000);
}, 60_000);
