import { expect, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { exchange, RawClient } from '../../wire/kit.ts';
import { bodyOf, linesOf, OK, stage, valuesOf } from './kit.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

/** What a server answers that no client may see. */
test.each([
  ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two Content-Lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['a list of Content-Lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'],
  ['a signed Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
  ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare LF', 'HTTP/1.1 200 OK\r\nX: 1\nContent-Length: 2\r\n\r\nok'],
  ['lines that end in LF alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['a bare CR', 'HTTP/1.1 200 OK\r\nX: 1\rY: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 2\r\n\r\nok'],
  ['a NUL in a value', 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nok'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['another version', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['no status line at all', 'hello\r\n\r\n'],
  ['too many fields', `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(200)}\r\n`],
])('answers 502 instead of an answer with %s, and drops its connection', async (_what, answer) => {
  const { port, legacy } = await stage((request) => (request.startsWith('GET / ') ? answer + POISON : OK));
  const client = new RawClient(port);
  client.send(GET);
  await client.expect(/\(upstream_protocol\)\n$/);
  expect(linesOf(client.text)[0]).toBe('HTTP/1.1 502 Bad Gateway');
  await until(() => legacy.connections[0]?.ended, 'the end of the connection');
  // The client did nothing wrong: it goes on.
  client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect(/\r\n\r\nok$/);
  expect(client.text).not.toContain('poison');
});

const FIELDS = 'HTTP/1.1 200 OK\r\nServer: s\r\nX_y: 1\r\n';

/** Request, answer of the server, and what the client gets of it. */
test.each([
  [
    'a body by length',
    GET,
    `${FIELDS}Content-Length: 2\r\n\r\nok`,
    ['HTTP/1.1 200 OK', 'Server: s', 'X_y: 1', 'Content-Length: 2'],
    'ok',
  ],
  [
    'a reason phrase of its own',
    GET,
    'HTTP/1.1 299 Fine by me\r\nContent-Length: 2\r\n\r\nok',
    ['HTTP/1.1 299 Fine by me', 'Content-Length: 2'],
    'ok',
  ],
  [
    'chunks with trailers',
    GET,
    'HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n0002\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    '2\r\nok\r\n0\r\n\r\n',
  ],
  [
    'fields of the connection',
    GET,
    'HTTP/1.1 200 OK\r\nConnection: x-mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nContent-Length: 2\r\n\r\nok',
    ['HTTP/1.1 200 OK', 'Content-Length: 2'],
    'ok',
  ],
  [
    'a cookie that Connection names',
    GET,
    'HTTP/1.1 200 OK\r\nConnection: set-cookie\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok',
    ['HTTP/1.1 200 OK', 'Set-Cookie: a=1', 'Content-Length: 2'],
    'ok',
  ],
  [
    'HTTP/1.0',
    GET,
    'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ['HTTP/1.1 200 OK', 'Content-Length: 2'],
    'ok',
  ],
  ['204', GET, 'HTTP/1.1 204 No Content\r\n\r\n', ['HTTP/1.1 204 No Content'], ''],
  [
    '204 with a length',
    GET,
    'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    ['HTTP/1.1 204 No Content'],
    '',
  ],
  [
    '304 with the length of what it stands for',
    GET,
    'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 6\r\n\r\n',
    ['HTTP/1.1 304 Not Modified', 'ETag: "1"', 'Content-Length: 6'],
    '',
  ],
  [
    'HEAD with a length',
    GET.replace('GET', 'HEAD'),
    'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n',
    ['HTTP/1.1 200 OK', 'Content-Length: 6'],
    '',
  ],
  [
    'HEAD of a chunked answer',
    GET.replace('GET', 'HEAD'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    '',
  ],
  [
    'an empty answer',
    GET,
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    ['HTTP/1.1 200 OK', 'Content-Length: 0'],
    '',
  ],
] as const)('sends an answer on in its one form: %s', async (_what, request, answer, lines, body) => {
  const { port } = await stage((asked) => (asked.includes(' /last ') ? OK : answer));
  const client = new RawClient(port);
  client.send(request);
  await client.expect('\r\n\r\n');
  // What follows on the same connection shows where the client believes that the answer ended.
  client.send('GET /last HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect(/HTTP\/1\.1 [^]*HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  const first = client.text.slice(0, client.text.lastIndexOf('HTTP/1.1 '));
  expect(linesOf(first)).toEqual(lines);
  expect(bodyOf(first)).toBe(body);
});

test('sends an answer that ends with its connection in chunks, and never keeps that connection', async () => {
  const { port, legacy } = await stage((_, { socket }) => {
    socket.end('HTTP/1.1 200 OK\r\n\r\nall of it');
    return null;
  });
  const client = new RawClient(port);
  client.send(GET);
  await client.expect(/Transfer-Encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n$/);
  client.send(GET);
  await client.expect(/0\r\n\r\nHTTP[^]*9\r\nall of it\r\n0\r\n\r\n$/);
  expect(legacy.connections).toHaveLength(2);
});

/** Servers that send a body where there is none, or more than they said. */
test.each([
  ['HEAD', GET.replace('GET', 'HEAD'), 'HTTP/1.1 200 OK\r\nContent-Length: 67\r\n\r\n', ''],
  ['a 204', GET, 'HTTP/1.1 204 No Content\r\nContent-Length: 67\r\n\r\n', ''],
  ['a 304', GET, 'HTTP/1.1 304 Not Modified\r\n\r\n', ''],
  ['a shorter Content-Length', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  [
    'a last chunk',
    GET,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    '2\r\nok\r\n0\r\n\r\n',
  ],
])(
  'drops what a server sends behind %s, and the connection with it',
  async (_what, request, answer, body) => {
    const { port, legacy } = await stage((asked) => (asked.includes(' /next ') ? OK : answer + POISON));
    const client = new RawClient(port);
    client.send(request);
    await until(() => legacy.connections[0]?.ended, 'the end of the connection to the server');
    expect(bodyOf(client.text)).toBe(body);
    client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => legacy.requests.length === 2, 'the next request');
    await client.expect(/\r\n\r\nok$/);
    expect(client.text).not.toContain('poison');
    expect(legacy.connections).toHaveLength(2);
  },
);

test('gives every answer one date, and leaves Server and Via as the server sent them', async () => {
  const dated =
    'HTTP/1.1 200 OK\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\nServer: s\r\nVia: 1.1 v\r\nContent-Length: 2\r\n\r\nok';
  const { port } = await stage((request) => (request.includes('/dated') ? dated : OK));
  const kept = await exchange(port, 'GET /dated HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(valuesOf(kept, 'date')).toEqual(['Tue, 15 Nov 1994 08:12:31 GMT']);
  expect([valuesOf(kept, 'server'), valuesOf(kept, 'via')]).toEqual([['s'], ['1.1 v']]);
  const added = await exchange(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  const [date = ''] = valuesOf(added, 'date');
  expect(date).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  expect([valuesOf(added, 'server'), valuesOf(added, 'via')]).toEqual([[], []]);
});

test('sends 100 when it wants the body, and keeps the expectation to itself', async () => {
  const { port, legacy } = await stage();
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n');
  await client.expect(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  client.send('ok');
  await client.expect(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  expect(linesOf(legacy.requests[0] ?? '')).toEqual(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 2']);
});

test('gives a final answer without 100 to a body it does not want, and closes', async () => {
  const { port, legacy } = await stage(OK, { requestBodyBytes: 10 });
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n';
  const answer = await exchange(port, head);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(valuesOf(answer, 'connection')).toEqual(['close']);
  expect(legacy.connections).toHaveLength(0);
});

test('sends no 100 to a client that did not wait, nor to HTTP/1.0, which knows none', async () => {
  const { port } = await stage();
  const head = (minor: number) =>
    `POST / HTTP/1.${minor}\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok`;
  for (const minor of [0, 1]) expect(await exchange(port, head(minor))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-mine\r\nX-Mine: 1\r\n\r\n';

test('passes 103 on to HTTP/1.1 alone, and the 100 of a server to nobody', async () => {
  const { port } = await stage(`HTTP/1.1 100 Continue\r\n\r\n${HINTS}${HINTS}${OK}`);
  const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
  expect(answer.startsWith(`${hint}${hint}HTTP/1.1 200 OK\r\n`)).toBe(true);
  expect(await exchange(port, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test('gives up a server that sends interim answers without an end', async () => {
  const { port } = await stage(HINTS.repeat(100));
  const client = new RawClient(port);
  client.send(GET);
  await client.expect(/HTTP\/1\.1 502 Bad Gateway[^]*\(upstream_protocol\)\n$/);
});
