import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { createWireServer } from '../../src/wire/server.ts';
import { until } from '../kit/until.ts';
import { atEnd, exchange, RawClient, serverOptions, startServer, textHead } from './kit.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('says 503 above the connection limit and serves again below it', async () => {
  const { port, refused, server } = await startServer(undefined, { maxConnections: 1 });
  const first = new RawClient(port);
  first.send(GET);
  await first.expect('ok');
  expect(await exchange(port, GET)).toMatch(/^HTTP\/1.1 503[^]*x-cutover-error: overloaded/);
  expect(refused[0]?.code).toBe('overloaded');
  expect(server.connections).toBe(1);
  first.socket.destroy();
  await until(() => server.connections === 0);
  expect(await exchange(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).toMatch(/200 OK/);
});

test('says 503 to a bounded number of connections, and nothing to further ones', async () => {
  const { port, refused, server } = await startServer(undefined, { maxConnections: 1 });
  const first = new RawClient(port);
  await until(() => server.connections === 1);
  const told = Array.from({ length: LIMITS.overflowConnections }, () => new RawClient(port));
  await Promise.all(told.map((client) => client.expect(/^HTTP\/1.1 503/)));
  const further = Array.from({ length: 5 }, () => new RawClient(port));
  await Promise.all(further.map((client) => client.over()));
  expect(further.map((client) => client.text)).toEqual(further.map(() => ''));
  expect(refused.length).toBe(LIMITS.overflowConnections);
  expect(server.refused).toEqual({ limit: LIMITS.overflowConnections, dropped: further.length, address: 0 });
  expect(first.closed).toBe(false);
  for (const client of told) client.socket.destroy();
  await until(async () => (await exchange(port, GET)).startsWith('HTTP/1.1 503'));
});

test('ends a connection after its last request, and says so in that answer', async () => {
  let served = 0;
  const { port } = await startPlainServer(() => (served += 1));
  const client = connect(port, '127.0.0.1');
  atEnd(() => client.destroy());
  let tail = '';
  let ended = false;
  client.on('end', () => (ended = true));
  client.on('data', (bytes: Buffer) => {
    const text = tail + bytes.toString('latin1');
    if (!text.endsWith(LAST)) expect(text).not.toContain('Connection: close');
    tail = text.slice(-200);
  });
  let left = LIMITS.requestsPerConnection + 100;
  const more = (): void => {
    while (left > 0) {
      left -= 100;
      if (!client.write(GET.repeat(100))) return;
    }
  };
  client.on('drain', more);
  more();
  await until(() => ended, 'the end of the connection', 30_000);
  expect(served).toBe(LIMITS.requestsPerConnection);
  expect(tail.endsWith(LAST)).toBe(true);
}, 40_000);

const LAST = 'Content-Length: 0\r\nConnection: close\r\n\r\n';

/** Answers with nothing and keeps nothing. */
async function startPlainServer(onRequest: () => void): Promise<{ port: number }> {
  const nothing = (): void => undefined;
  const handler = {
    onBody: nothing,
    onBodyEnd: nothing,
    onWritable: nothing,
    onFinished: nothing,
    onAbort: nothing,
  };
  const server = createWireServer(
    {
      onRequest(inbound) {
        onRequest();
        inbound.handle(handler);
        inbound.respond({ ...textHead(''), framing: 'none' });
        inbound.end();
      },
      onRefused: nothing,
    },
    serverOptions,
  );
  atEnd(() => server.drain(0));
  return { port: await server.listen({ host: '127.0.0.1', port: 0, reusePort: false, index: 0 }) };
}
