/**
 * Attack: a WebSocket that never was. The client asks with `Sec-WebSocket-Version: 1337`; the server refuses with 426, the
 * proxy does not look and opens a tunnel: the client now speaks HTTP to an internal server without a filter.
 * Known from: 0ang3el's websocket-smuggle (2019): Varnish, Envoy before 1.8, and others.
 * Why it works: the proxy trusts the request, or any answer, instead of waiting for 101.
 * Cutover: any answer but 101 is an answer like every other; the next bytes are the next request.
 */
import { expect, test } from 'vitest';
import { answerOf } from './lenient-upstream.ts';
import { expectUnharmed, get, SMUGGLED, stage, statuses } from './kit.ts';

const ASKING = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 1337',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

test.each([
  ['426 Upgrade Required', 426],
  ['200 OK', 200],
  ['400 Bad Request', 400],
  ['404 Not Found', 404],
  ['500 Oops', 500],
])('stays with HTTP when the server answers an upgrade with %s', async (line, status) => {
  const on = await stage({
    answering: ({ target }) =>
      target === '/first'
        ? answerOf('no', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n', line)
        : answerOf(`GET ${target}`),
  });
  const client = on.client();
  client.write(get('/first', ...ASKING));
  await client.sees('\r\n\r\nno');
  client.write(SMUGGLED);
  await client.sees('GET /smuggled');
  expect(statuses(client.text)).toEqual([status, 200]);
  expect(on.legacy.bytes).not.toContain(SMUGGLED);
  expect(on.legacy.lines).toEqual(['GET /first', 'GET /smuggled']);
  await expectUnharmed(on);
});

test('an answer that only looks like a switch opens no tunnel', async () => {
  const on = await stage({
    answering: ({ target }) =>
      target === '/first' ? answerOf('101', '', '200 Switching Protocols') : answerOf(`GET ${target}`),
  });
  expect(statuses(await on.send(get('/first', ...ASKING) + SMUGGLED))).toEqual([200, 200]);
  expect(on.legacy.bytes).not.toContain(SMUGGLED);
});
