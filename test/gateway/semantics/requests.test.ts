import { expect, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { exchange, RawClient } from '../../wire/kit.ts';
import { bodyOf, linesOf, OK, stage, valuesOf } from './kit.ts';

const GET = 'GET / HTTP/1.1\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** What a client sends, the status it gets, and that no byte of it reaches a lane. */
test.each([
  ['no Host', `${GET}\r\n`, 400],
  ['two Hosts that agree', `${GET}Host: a\r\nHost: a\r\n\r\n`, 400],
  ['two Hosts in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['a Host with a path', `${GET}Host: a/b\r\n\r\n`, 400],
  ['a Host with a user', `${GET}Host: u@a\r\n\r\n`, 400],
  ['an empty Host', `${GET}Host:\r\n\r\n`, 400],
  [
    'both lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'two Content-Lengths that agree',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
    400,
  ],
  [
    'two Content-Lengths that differ',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    400,
  ],
  ['a list of Content-Lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\nok', 400],
  ['a signed Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nok', 400],
  ['a Content-Length in hex', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\nok', 400],
  ['an empty Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nok', 400],
  [
    'a coding before chunked',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'chunked twice',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'two Transfer-Encodings',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'a coding with a parameter',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'a coding with a control byte',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['a space before the colon', `${GET}Host: a\r\nContent-Length : 5\r\n\r\n`, 400],
  ['an empty name', `${GET}Host: a\r\n: x\r\n\r\n`, 400],
  ['a name that is no token', `${GET}Host: a\r\nX(y): 1\r\n\r\n`, 400],
  ['a line without a colon', `${GET}Host: a\r\nX\r\n\r\n`, 400],
  ['a NUL in a value', `${GET}Host: a\r\nX: a\0b\r\n\r\n`, 400],
  ['a control byte in a value', `${GET}Host: a\r\nX: a\u0001b\r\n\r\n`, 400],
  ['a folded line', `${GET}Host: a\r\nX: 1\r\n 2\r\n\r\n`, 400],
  ['a first field that begins with a space', `${GET} Host: a\r\n\r\n`, 400],
  ['a bare LF', `${GET}Host: a\nX: 1\r\n\r\n`, 400],
  ['lines that end in LF alone', 'GET / HTTP/1.1\nHost: a\n\n', 400],
  ['a bare CR', `${GET}Host: a\rX: 1\r\n\r\n`, 400],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 501],
  ['CONNECT with a path', 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['the asterisk form of GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['the authority form of GET', 'GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 400],
  ['an absolute form that disagrees with Host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['an absolute form of another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['an absolute form with a user', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['HTTP/0.9', 'GET /\r\n\r\n', 505],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
  ['a version in lower case', 'GET / http/1.1\r\nHost: a\r\n\r\n', 400],
  ['two spaces in the request line', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['an unknown expectation', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n', 417],
  [
    'a list of expectations',
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, tea\r\nContent-Length: 2\r\n\r\n',
    417,
  ],
  ['a NUL in the path', 'GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a way above the root', 'GET /a/../../b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['dots that hide behind %2F', 'GET /a/..%2Fb HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a backslash', 'GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a broken escape', 'GET /a%2/.. HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
] as const)('refuses a request with %s before any lane hears of it', async (_what, bytes, status) => {
  const { port, legacy, candidate } = await stage();
  const answer = await exchange(port, bytes + SMUGGLED, true);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  expect([valuesOf(answer, 'connection'), valuesOf(answer, 'content-length')]).toEqual([['close'], ['0']]);
  expect(valuesOf(answer, 'date')).toHaveLength(1);
  expect([legacy.connections.length, candidate.connections.length]).toEqual([0, 0]);
});

const POST = ['POST / HTTP/1.1', 'Host: a'];

/** What a client sends, and head and body as the server gets them. */
test.each([
  [
    'a Host in another case',
    'GET / HTTP/1.1\r\nhOsT:  A.Example:80 \r\n\r\n',
    ['GET / HTTP/1.1', 'Host: a.example:80'],
    '',
  ],
  [
    'the absolute form',
    'GET http://A/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n',
    ['GET /x?y HTTP/1.1', 'Host: a:80'],
    '',
  ],
  [
    'an absolute form without a path',
    'GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n',
    ['GET /?y HTTP/1.1', 'Host: a'],
    '',
  ],
  ['the asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', ['OPTIONS * HTTP/1.1', 'Host: a'], ''],
  [
    'an absolute form that means the asterisk',
    'OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n',
    ['OPTIONS * HTTP/1.1', 'Host: a'],
    '',
  ],
  [
    'a path that is not in its one form',
    'GET /a//./b/%7e/../%2f HTTP/1.1\r\nHost: a\r\n\r\n',
    ['GET /a/b/%2F HTTP/1.1', 'Host: a'],
    '',
  ],
  [
    'a name with an underscore',
    'GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\nX-Y: 1\r\n\r\n',
    ['GET / HTTP/1.1', 'Host: a', 'X-Y: 1'],
    '',
  ],
  [
    'fields of the connection',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: x-mine, keep-alive\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: x\r\nProxy-Connection: close\r\nProxy-Authorization: x\r\n\r\n',
    ['GET / HTTP/1.1', 'Host: a'],
    '',
  ],
  [
    'a body by length',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 002\r\n\r\nok',
    [...POST, 'Content-Length: 2'],
    'ok',
  ],
  ['no length in a POST', 'POST / HTTP/1.1\r\nHost: a\r\n\r\n', [...POST, 'Content-Length: 0'], ''],
  [
    'a chunked body',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0002\r\nok\r\n0\r\n\r\n',
    [...POST, 'Transfer-Encoding: chunked'],
    '2\r\nok\r\n0\r\n\r\n',
  ],
  [
    'trailers',
    'POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n',
    [...POST, 'Transfer-Encoding: chunked'],
    '2\r\nok\r\n0\r\n\r\n',
  ],
  [
    'a body of HTTP/1.0',
    'POST / HTTP/1.0\r\nContent-Length: 2\r\nHost: a\r\n\r\nok',
    [...POST, 'Content-Length: 2'],
    'ok',
  ],
  ['an empty line before it', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', ['GET / HTTP/1.1', 'Host: a'], ''],
  [
    'Via of another proxy',
    'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 edge\r\n\r\n',
    ['GET / HTTP/1.1', 'Host: a', 'Via: 1.1 edge'],
    '',
  ],
  [
    'settings of HTTP/2',
    'GET / HTTP/1.1\r\nHost: a\r\nHTTP2-Settings: AA\r\n\r\n',
    ['GET / HTTP/1.1', 'Host: a'],
    '',
  ],
  [
    'values around tabs and high bytes',
    'GET / HTTP/1.1\r\nHost: a\r\nX: \t a\tb\u00e9 \t\r\n\r\n',
    ['GET / HTTP/1.1', 'Host: a', 'X: a\tb\u00e9'],
    '',
  ],
] as const)('sends a request on in its one form: %s', async (_what, bytes, lines, body) => {
  const { port, legacy } = await stage();
  const client = new RawClient(port);
  client.send(bytes);
  await client.expect(/\r\n\r\nok$/);
  expect(legacy.requests).toHaveLength(1);
  const [request = ''] = legacy.requests;
  expect(linesOf(request)).toEqual(lines);
  expect(bodyOf(request)).toBe(body);
});

test.each([
  ['an extension', '2;x=y\r\nok\r\n0\r\n\r\n'],
  ['a size that is no hex', 'zz\r\nok\r\n0\r\n\r\n'],
  ['a size with a sign', '-2\r\nok\r\n0\r\n\r\n'],
  ['a size with a prefix', '0x2\r\nok\r\n0\r\n\r\n'],
  ['a bare LF after its size', '2\nok\r\n0\r\n\r\n'],
  ['data longer than its size', '2\r\nokay\r\n0\r\n\r\n'],
  ['a trailer that is folded', '2\r\nok\r\n0\r\nX: 1\r\n 2\r\n\r\n'],
])('never completes a request whose chunk has %s', async (_what, chunks) => {
  const { port, legacy } = await stage();
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const answer = await exchange(port, head + chunks + SMUGGLED, true);
  expect(answer).toMatch(/^(?:HTTP\/1\.1 400 |$)/);
  // Its head may have been on its way: then its connection is destroyed, and nothing else ever goes over it.
  await until(() => legacy.connections.every((one) => one.ended || one.closed), 'the end of the connection');
  expect(legacy.requests).toEqual([]);
  expect(legacy.connections.map((one) => one.text).join('')).not.toMatch(/;x=y|smuggled/);
});

test.each([
  'x-forwarded-for',
  'x-request-id',
  'traceparent',
  'x-real-ip',
  'host',
  'content-length',
  'cookie',
])('lets no client take %s away by naming it in Connection', async (name) => {
  const { port, legacy } = await stage();
  const client = new RawClient(port);
  client.send(
    `POST / HTTP/1.1\r\nHost: a\r\nCookie: c=1\r\nContent-Length: 2\r\nConnection: ${name}\r\n\r\nok`,
  );
  await client.expect(/\r\n\r\nok$/);
  expect(valuesOf(legacy.requests[0] ?? '', name)).toHaveLength(1);
});

test('answers an HTTP/1.0 client without chunks and closes, keep-alive asked for or not', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
  const { port, legacy } = await stage(chunked);
  for (const connection of ['', 'Connection: keep-alive\r\n']) {
    const answer = await exchange(port, `GET / HTTP/1.0\r\n${connection}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
    expect([valuesOf(answer, 'connection'), valuesOf(answer, 'transfer-encoding')]).toEqual([['close'], []]);
  }
  // A request without a host goes on under the name of the server, as HTTP/1.1.
  const { host } = new URL(legacy.url);
  for (const request of legacy.requests)
    expect(linesOf(request)).toEqual(['GET / HTTP/1.1', `Host: ${host}`]);
});

test('answers pipelined requests in their order, each with its own answer', async () => {
  const { port, legacy } = await stage((request, { socket }) => {
    const path = request.split(' ', 2)[1] ?? '';
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
    if (path !== '/slow') return answer;
    setImmediate(() => socket.write(answer));
    return null;
  });
  const client = new RawClient(port);
  const body = 'POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ';
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  client.send(`${get('/slow')}${get('/b')}${body}${get('/c')}`);
  await client.expect(/\/c$/);
  expect(client.text.match(/\/[a-z]+/g)).toEqual(['/slow', '/b', '/post', '/c']);
  expect(legacy.requests).toHaveLength(4);
});

test('answers a client that closed its sending side behind its last request', async () => {
  const { port } = await stage(OK);
  const answers = await exchange(port, `${GET}Host: a\r\n\r\n${GET}Host: a\r\n\r\n`, true);
  expect(answers.match(/\r\n\r\nok/g)).toHaveLength(2);
});
