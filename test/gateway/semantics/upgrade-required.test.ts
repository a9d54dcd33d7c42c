import { expect, test } from 'vitest';
import { exchange, RawClient } from '../../wire/kit.ts';
import { linesOf, stage, valuesOf } from './kit.ts';

test.each([
  ['websocket', 'Upgrade: WebSocket\r\n', 'Upgrade: WebSocket'],
  ['what may not be switched to', 'Upgrade: h2c, IRC/6.9, TLS/1.2\r\n', 'Upgrade: IRC/6.9'],
  ['several', 'Upgrade: HTTP/3.0,\r\nUpgrade: IRC/6.9\r\n', 'Upgrade: HTTP/3.0,,IRC/6.9'],
] as const)(
  'a 426 says which protocol it requires, with its option in Connection: %s',
  async (_, line, said) => {
    const value = said.includes(',,') ? null : said;
    const { port } = await stage(`HTTP/1.1 426 Upgrade Required\r\n${line}Content-Length: 0\r\n\r\n`);
    const kept = await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    // An empty member makes no list that could be passed on.
    expect(linesOf(kept)).toEqual([
      'HTTP/1.1 426 Upgrade Required',
      'Content-Length: 0',
      ...(value === null ? ['Connection: close'] : ['Connection: Upgrade, close', value]),
    ]);
  },
);

test('no answer but a 426 keeps an Upgrade, and a kept one leaves its connection open', async () => {
  const { port } = await stage((request) => {
    const status = request.includes('/must') ? 426 : 400;
    return `HTTP/1.1 ${status} No\r\nUpgrade: websocket, x/1\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n`;
  });
  const client = new RawClient(port);
  client.send('GET /must HTTP/1.1\r\nHost: a\r\n\r\nGET /may HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect(/ 400 No[^]*\r\n\r\n/);
  const [first = '', second = ''] = client.text.split(/(?=HTTP\/1\.1 400)/);
  expect([valuesOf(first, 'upgrade'), valuesOf(first, 'connection')]).toEqual([
    ['websocket, x/1'],
    ['Upgrade'],
  ]);
  expect([valuesOf(second, 'upgrade'), valuesOf(second, 'connection')]).toEqual([[], []]);
});
