import { expect, test } from 'vitest';
import { parseJsonLine } from '../../src/replay/capture/json-line.ts';
import { parseMessage } from '../../src/replay/capture/message.ts';
import { parseTextLine } from '../../src/replay/capture/text-line.ts';

const WHEN = '[24/Nov/2026:10:00:00 +0100]';

test.each([
  [
    'common',
    `10.0.0.1 - - ${WHEN} "GET /a?b HTTP/1.1" 200 12`,
    { target: '/a?b', clientAddress: '10.0.0.1', headers: [] },
  ],
  [
    'combined',
    `::1 - ada ${WHEN} "HEAD / HTTP/2.0" 304 - "http://r/" "A \\"b\\""`,
    { method: 'HEAD', headers: ['Referer', 'http://r/', 'User-Agent', 'A "b"'], clientAddress: '::1' },
  ],
  [
    'with a user that holds blanks',
    `10.0.0.1 - Ada L ${WHEN} "GET / HTTP/1.1" 200 1`,
    { clientAddress: '10.0.0.1' },
  ],
  [
    'with its virtual host',
    `shop.example:443 10.0.0.1 - - ${WHEN} "GET / HTTP/1.1" 200 1 "-" "-"`,
    { host: 'shop.example:443', clientAddress: '10.0.0.1' },
  ],
  [
    'with more after it',
    `10.0.0.1 - - ${WHEN} "GET / HTTP/1.1" 200 1 "-" "x" 0.004 "rid"`,
    { headers: ['User-Agent', 'x'] },
  ],
  [
    'with bytes that NGINX escapes',
    `10.0.0.1 - - ${WHEN} "GET /\\xC3\\xA4 HTTP/1.1" 200 1`,
    { target: '/%C3%A4' },
  ],
])('a log line is understood: %s', (_name, line, expected) => {
  expect(parseTextLine(line).request).toMatchObject(expected);
  expect(parseTextLine(line).request?.atMs).toBe(Date.UTC(2026, 10, 24, 9));
});

test.each([
  [`10.0.0.1 - - ${WHEN} "-" 400 0`, 'no_request'],
  [`10.0.0.1 - - ${WHEN} "\\x16\\x03\\x01" 400 0 "-" "-"`, 'no_request'],
  [`10.0.0.1 - - ${WHEN} "GET / HTTP/1.1 200 0`, 'corrupt'],
  [`10.0.0.1 - - ${WHEN} "GET / HTTP/1.1" abc 0`, 'corrupt'],
  [`10.0.0.1 - - [yesterday] "GET / HTTP/1.1" 200 0`, 'corrupt'],
  ['hello', 'corrupt'],
])('a log line without a request says why: %s', (line, why) => {
  expect(parseTextLine(line)).toEqual({ request: null, why });
});

test('a log line made to cost time is refused at once', () => {
  const started = performance.now();
  for (const line of [
    ' ['.repeat(100_000),
    `a [${'"\\'.repeat(100_000)}`,
    `a ${WHEN} "${'\\'.repeat(200_000)}`,
  ]) {
    expect(parseTextLine(line).why).toBe('corrupt');
  }
  expect(performance.now() - started).toBeLessThan(1_000);
});

const NGINX = {
  time_iso8601: '2026-11-24T10:00:00+01:00',
  remote_addr: '10.0.0.1',
  request: 'GET /a?b HTTP/1.1',
  status: '200',
  body_bytes_sent: 12,
  http_user_agent: 'x',
  http_host: 'shop',
};
test.each([
  ['NGINX, by its variables', NGINX],
  [
    'NGINX, uri and args',
    {
      msec: '1795510800.000',
      request_method: 'GET',
      uri: '/a',
      args: 'b',
      remote_addr: '10.0.0.1',
      host: 'shop',
      status: 200,
      body_bytes_sent: '12',
      http_user_agent: 'x',
    },
  ],
  [
    'Caddy',
    {
      ts: 1795510800,
      status: 200,
      size: 12,
      request: {
        remote_ip: '10.0.0.1',
        method: 'GET',
        host: 'shop',
        uri: '/a?b',
        headers: { 'User-Agent': ['x'] },
      },
    },
  ],
  [
    'Traefik',
    {
      StartUTC: '2026-11-24T09:00:00Z',
      RequestMethod: 'GET',
      RequestPath: '/a?b',
      RequestHost: 'shop',
      ClientHost: '10.0.0.1',
      DownstreamStatus: 200,
      DownstreamContentSize: 12,
      agent: 'x',
    },
  ],
  [
    'ECS, flat',
    {
      '@timestamp': 1795510800000,
      'http.request.method': 'GET',
      'url.path': '/a',
      'url.query': 'b',
      'client.address': '10.0.0.1',
      'server.address': 'shop',
      'http.response.status_code': 200,
      bytes: 12,
      agent: 'x',
    },
  ],
])('a JSON line is understood: %s', (_name, entry) => {
  expect(parseJsonLine(JSON.stringify(entry)).request).toEqual({
    method: 'GET',
    target: '/a?b',
    host: 'shop',
    headers: ['User-Agent', 'x'],
    body: null,
    upgrade: '',
    expectsContinue: false,
    atMs: Date.UTC(2026, 10, 24, 9),
    clientAddress: '10.0.0.1',
    logged: { status: 200, bytes: 12 },
  });
});

test('a JSON line that tells of no request says so, and one that is none too', () => {
  expect(parseJsonLine('{"request":"","status":400}').why).toBe('no_request');
  expect(parseJsonLine('{"request":"-","status":400}').why).toBe('no_request');
  expect(parseJsonLine('{"request":"GET /"').why).toBe('corrupt');
  expect(parseJsonLine('{"__proto__":{"method":"GET"},"uri":"/"}').why).toBe('corrupt');
});

const message = (text: string) => parseMessage(Buffer.from(text), 0);
test.each([
  ['a chunked body', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', null],
  [
    'a chunked body that was cut',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab',
    'truncated',
  ],
  ['a body that was cut', 'POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc', 'truncated'],
  ['a head that was cut', 'GET / HTTP/1.1\r\nHost: a', 'truncated'],
  [
    'two lengths that contradict',
    'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'corrupt',
  ],
  [
    'a length beside chunks',
    'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'corrupt',
  ],
  [
    'chunks before a length',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
    'corrupt',
  ],
  [
    'a length beside a coding that is not chunked',
    'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: identity\r\n\r\na',
    'corrupt',
  ],
  [
    'a length beside chunks that a second field takes back',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\nContent-Length: 1\r\n\r\na',
    'corrupt',
  ],
  [
    'a coding below the chunks',
    'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    'corrupt',
  ],
  ['a field that splits the head', 'GET / HTTP/1.1\r\na b: c\r\n\r\n', 'corrupt'],
  ['a target with control characters', 'GET /\u0001 HTTP/1.1\r\n\r\n', 'no_request'],
  ['an absolute target', 'GET http://shop.example/a HTTP/1.1\r\n\r\n', null],
])('a raw message is understood strictly: %s', (_name, text, why) => {
  expect(message(text).why).toBe(why);
});

test('a request loses what belongs to its connection and keeps the rest', () => {
  const head =
    'GET http://a/b?c#d HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive\r\nTE: gzip\r\nUpgrade: WebSocket\r\nCookie: a=b\r\nX: y\r\n\r\n';
  expect(message(head).request).toMatchObject({
    target: '/b?c',
    host: 'shop',
    headers: ['Cookie', 'a=b', 'X', 'y'],
    upgrade: 'websocket',
  });
});
