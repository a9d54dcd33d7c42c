import { expect, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { RawClient } from '../../wire/kit.ts';
import { bodyOf, OK, stage, valuesOf } from './kit.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

test.each([
  ['by length', `Content-Length: 1000`, SMUGGLED],
  ['in chunks', 'Transfer-Encoding: chunked', `40\r\n${SMUGGLED}`],
])(
  'closes both connections when an answer comes before the end of a body %s',
  async (_what, framing, part) => {
    const { port, legacy } = await stage();
    const client = new RawClient(port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    await until(() => legacy.connections.length === 1, 'the head at the server');
    const [connection] = legacy.connections;
    await until(() => connection?.text.includes('\r\n\r\n'), 'the whole head');
    connection?.socket.write(OK);
    await client.expect(/\r\n\r\nok$/);
    expect(valuesOf(client.text, 'connection')).toEqual(['close']);
    await until(() => connection?.ended, 'the end of the connection to the server');
    client.send(part);
    await until(() => client.ended, 'the end of the connection to the client');
    expect(legacy.requests).toEqual([]);
    expect(legacy.connections).toHaveLength(1);
  },
);

test.each([
  ['length, and its end', 'Content-Length: 1000', 'part', false],
  ['length, and a reset', 'Content-Length: 1000', 'part', true],
  ['chunks, and its end', 'Transfer-Encoding: chunked', '4\r\npart\r\n', false],
  ['chunks, and a reset', 'Transfer-Encoding: chunked', '4\r\npart\r\n', true],
])(
  'destroys the connection to the server when a client cuts its body: %s',
  async (_what, framing, part, isReset) => {
    const { port, legacy, gateway } = await stage();
    const client = new RawClient(port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${part}`);
    await until(() => legacy.connections[0]?.text.includes('part'), 'the part of the body');
    if (isReset) client.socket.resetAndDestroy();
    else client.socket.end();
    await until(() => legacy.connections[0]?.ended || legacy.connections[0]?.closed, 'the end');
    expect(legacy.requests).toEqual([]);
    expect(legacy.connections[0]?.text.endsWith('0\r\n\r\n')).toBe(false);
    // It goes nowhere else, and the next client gets a connection of its own.
    const next = new RawClient(port);
    next.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await next.expect(/\r\n\r\nok$/);
    expect(legacy.connections).toHaveLength(2);
    expect((await gateway.settled()).lanes.legacy).toMatchObject({ requests: 2, bad: 0 });
  },
);

test.each([
  ['length, and ends', 'Content-Length: 1000\r\n\r\npart', false],
  ['length, and resets', 'Content-Length: 1000\r\n\r\npart', true],
  ['chunks, and ends', 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', false],
  ['chunks, and resets', 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', true],
  ['neither, and resets', '\r\npart', true],
] as const)('never completes an answer that its server cut: %s', async (_what, rest, isReset) => {
  const { port, legacy, gateway } = await stage(`HTTP/1.1 200 OK\r\n${rest}`);
  const client = new RawClient(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect('part');
  if (isReset) legacy.connections[0]?.socket.resetAndDestroy();
  else legacy.connections[0]?.socket.end();
  await until(() => client.ended || client.closed, 'the end');
  expect(bodyOf(client.text)).toMatch(/^(?:4\r\n)?part(?:\r\n)?$/);
  expect((await gateway.settled()).lanes.legacy).toMatchObject({ requests: 1, bad: 1 });
});

test('resets, never ends, an answer to HTTP/1.0 that its server cut', async () => {
  const { port, legacy } = await stage('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n');
  const client = new RawClient(port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  await client.expect(/\r\n\r\npart$/);
  legacy.connections[0]?.socket.end();
  await until(() => client.closed, 'the reset');
  expect([client.error, client.ended]).toEqual(['ECONNRESET', false]);
});
