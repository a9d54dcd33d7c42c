import { expect, test } from 'vitest';
import { monotonicMs } from '../../../src/core/clock.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { gatewayConfig } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';
import { RawClient } from '../../wire/kit.ts';
import { stage } from './kit.ts';

const TIMES = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:1').timeouts;
const ASK = 'GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

test.each([
  ['legacy', 'in chunks', { sample: 1 }],
  ['legacy', 'until the end of its connection', { sample: 1 }],
  ['candidate', 'in chunks', { phase: 'enforce', reverseSample: 1 }],
] as const)(
  'passes each event of the %s lane on before the next one is written, %s',
  async (name, how, rollout) => {
    const isChunked = how === 'in chunks';
    const set = await stage(`${HEAD}${isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`, {}, rollout);
    const client = new RawClient(set.port);
    client.send(ASK);
    await client.expect('\r\n\r\n');
    const { socket } = set[name].connections[0] as { socket: NodeJS.WritableStream };
    for (let event = 1; event <= 20; event += 1) {
      const text = `data: ${event}\n\n`;
      socket.write(isChunked ? chunk(text) : text);
      await client.expect(new RegExp(`data: ${event}\n\n\r\n$`));
    }
  },
);

test('passes each piece of a request body on before the next one is sent', async () => {
  const { port, legacy } = await stage();
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let piece = 1; piece <= 20; piece += 1) {
    client.send(chunk(`piece ${piece};`));
    await until(() => legacy.connections[0]?.text.includes(`piece ${piece};`), `piece ${piece}`);
  }
  client.send('0\r\n\r\n');
  await client.expect(/\r\n\r\nok$/);
});

test('sends the head of an answer on before its body begins', async () => {
  const { port } = await stage(`${HEAD}Content-Length: 2\r\n\r\n`);
  const client = new RawClient(port);
  client.send(ASK);
  await client.expect(/Content-Length: 2\r\n\r\n$/);
});

test('ends the call to the server when the client of a stream goes away', async () => {
  const { port, legacy, gateway } = await stage(
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('data: 1\n\n')}`,
  );
  const client = new RawClient(port);
  client.send(ASK);
  await client.expect('data: 1');
  client.socket.destroy();
  await until(() => legacy.connections[0]?.ended || legacy.connections[0]?.closed, 'the end of the call');
  expect((await gateway.settled()).lanes.legacy).toMatchObject({ requests: 1, bad: 0 });
});

test('ends the call to the server when the client of a long poll goes away', async () => {
  const { port, legacy, gateway } = await stage(() => null);
  const client = new RawClient(port);
  client.send(ASK);
  await until(() => legacy.requests.length === 1, 'the request');
  client.socket.destroy();
  await until(() => legacy.connections[0]?.ended || legacy.connections[0]?.closed, 'the end of the call');
  await gateway.settled();
});

test('has no limit on a whole stream, and a named one on its silence', async () => {
  expect([LIMITS.totalTimeoutMs, TIMES.totalMs]).toEqual([0, 0]);
  const { port, legacy } = await stage(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, {
    timeouts: { ...TIMES, firstByteMs: 300, upstreamIdleMs: 300 },
  });
  const client = new RawClient(port);
  client.send(ASK);
  await client.expect('\r\n\r\n');
  const startedMs = monotonicMs();
  while (monotonicMs() - startedMs < 1_000) {
    legacy.connections[0]?.socket.write(chunk('data: on\n\n'));
    const before = client.text.length;
    await until(() => client.text.length > before, 'the next event');
  }
  expect(client.closed || client.ended).toBe(false);
  await until(() => client.closed || client.ended, 'the cut after silence');
  expect(client.text.endsWith('0\r\n\r\n')).toBe(false);
});
