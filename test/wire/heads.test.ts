import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { HeadScanner, MORE, REFUSED } from '../../src/wire/head-scanner.ts';
import { readRequest } from '../../src/wire/request-head.ts';

/** What became of the head in `text`, fed in two or more pieces. */
function read(text: string, cuts: readonly number[] = []) {
  const scanner = new HeadScanner(true);
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...cuts, bytes.length];
  let from = 0;
  for (const end of ends) {
    const piece = Buffer.from(bytes.subarray(from, end));
    const next = piece.length === 0 ? MORE : scanner.feed(piece, 0, piece.length);
    piece.fill(0x21);
    if (next === REFUSED) return { refused: scanner.failure };
    if (next !== MORE) {
      const { head, failure, close } = readRequest(scanner);
      if (head === null) return { refused: failure };
      return { ...head, fields: head.fields.flat(), close, next: from + next };
    }
    from = end;
  }
  return { more: true };
}

const request = (...lines: string[]) => `${['GET / HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;
const FULL =
  'POST /a%2e?b=c HTTP/1.1\r\nHost: Ex.A:8080\r\nX-Empty:\r\nX-Pad: \t a b \t\r\nContent-Length: 12\r\nCookie: a=\u00e9\r\n\r\n';

test('reads a head cut at every byte, and byte by byte, alike', () => {
  const whole = read(`${FULL}body`);
  expect(whole).toEqual({
    method: 'POST',
    target: '/a.?b=c',
    path: '/a.',
    host: 'ex.a:8080',
    minorVersion: 1,
    fields: ['X-Empty', '', 'X-Pad', 'a b', 'Cookie', 'a=\u00e9'],
    framing: 'length',
    contentLength: 12,
    expectsContinue: false,
    upgrade: '',
    close: false,
    next: FULL.length,
  });
  for (let cut = 1; cut < FULL.length; cut += 1) expect(read(`${FULL}body`, [cut])).toEqual(whole);
  expect(
    read(
      FULL,
      Array.from(FULL, (_, index) => index),
    ),
  ).toEqual(whole);
  expect(read(FULL.slice(0, -1))).toEqual({ more: true });
});

test('keeps the heads of two connections apart when both come in pieces', () => {
  const [one, two] = [new HeadScanner(true), new HeadScanner(true)];
  const pieces = (text: string) => [Buffer.from(text.slice(0, 30)), Buffer.from(text.slice(30))] as const;
  const [first, firstRest] = pieces(request('X-Longer-Name: 1'));
  const [second, secondRest] = pieces('GET /longer HTTP/1.1\r\nB: 22\r\nHost: long.example\r\n\r\n');
  expect(one.feed(first, 0, first.length)).toBe(MORE);
  expect(two.feed(second, 0, second.length)).toBe(MORE);
  expect(two.feed(secondRest, 0, secondRest.length)).toBe(secondRest.length);
  expect(readRequest(two).head?.fields.flat()).toEqual(['B', '22']);
  expect(one.feed(firstRest, 0, firstRest.length)).toBe(firstRest.length);
  expect(readRequest(one).head?.fields.flat()).toEqual(['X-Longer-Name', '1']);
});

test('says the same about hostile heads however they are cut', () => {
  const piece = fc.constantFrom(
    'GET',
    ' ',
    '/',
    'HTTP/1.1',
    '\r\n',
    '\r',
    '\n',
    'Host: a',
    ':',
    'A',
    '\t',
    '\0',
    '\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n',
  );
  const cuts = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), cuts, (parts, at) => {
      const text = parts.join('');
      const sorted = at.filter((cut) => cut < text.length).sort((left, right) => left - right);
      expect(read(text, sorted)).toEqual(read(text));
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', request('Host: a')],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['length and coding', request('Content-Length: 1', 'Transfer-Encoding: chunked')],
  ['coding and length', request('Transfer-Encoding: chunked', 'Content-Length: 1')],
  ['two lengths', request('Content-Length: 1', 'Content-Length: 1')],
  ['a list of lengths', request('Content-Length: 1, 1')],
  ['a signed length', request('Content-Length: +1')],
  ['a negative length', request('Content-Length: -1')],
  ['an empty length', request('Content-Length:')],
  ['a hexadecimal length', request('Content-Length: 0x1')],
  ['a length that is not exact', request('Content-Length: 1000000000000000')],
  ['chunked and identity', request('Transfer-Encoding: chunked, identity')],
  ['identity', request('Transfer-Encoding: identity')],
  ['gzip and chunked', request('Transfer-Encoding: gzip, chunked')],
  ['chunked twice', request('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['xchunked', request('Transfer-Encoding: xchunked')],
  ['an empty coding', request('Transfer-Encoding:')],
  ['a coding in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two Hosts in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['bare LF', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['bare LF after a field', 'GET / HTTP/1.1\r\nHost: a\n\r\n'],
  ['bare CR in a value', request('A: b\rc')],
  ['bare CR in the line', 'GET /\r HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a folded field', request('A: b', ' c')],
  ['a space before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['a space before the colon', request('A : b')],
  ['a name that is no token', request('A(: b')],
  ['an empty name', request(': b')],
  ['a field without colon', request('AB')],
  ['a zero byte in a value', request('A: b\0c')],
  ['a control byte in a value', request('A: b\u001bc')],
  ['DEL in a value', request('A: b\u007fc')],
  ['obs-text in a name', request('\u00e9: b')],
  ['two spaces in the line', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a tab in the line', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space at the end of the line', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
  ['a lower-case method', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no method', ' / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['two empty lines first', `\r\n\r\n${request()}`],
  ['a lower-case version name', 'GET / http/1.1\r\nHost: a\r\n\r\n'],
  ['a long version', 'GET / HTTP/1.10x\r\nHost: a\r\n\r\n'],
  ['an authority that is not the Host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an authority with another port', 'GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the asterisk for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a target that is not UTF-8', 'GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['obs-text in the method', 'GE\u00c3\u00a9 / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['obs-text in the authority', 'GET http://\u00c3\u00a9/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a control byte in the target', 'GET /\u001f HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['DEL in the target', 'GET /\u007f HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a way above the root', 'GET /../a HTTP/1.1\r\nHost: a\r\n\r\n'],
])('refuses %s with 400', (_name, text) => {
  expect(read(text)).toEqual({ refused: 'bad_request' });
});

test.each([
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'not_implemented'],
  ['an endless method', `${'A'.repeat(40)} / HTTP/1.1\r\nHost: a\r\n\r\n`, 'not_implemented'],
  ['HTTP/0.9', 'GET /\r\n\r\n', 'version_not_supported'],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 'version_not_supported'],
  ['HTTP/2.0', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'version_not_supported'],
  ['another expectation', request('Expect: 200-ok'), 'expectation_failed'],
  ['two expectations', request('Expect: 100-continue', 'Expect: 100-continue'), 'expectation_failed'],
  ['a long target', `GET /${'a'.repeat(LIMITS.targetBytes)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'uri_too_long'],
  [
    'a target that is long when it is escaped',
    `GET /${'\u00c3\u00a9'.repeat(LIMITS.targetBytes / 4)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    'uri_too_long',
  ],
  ['an endless target', `GET /${'a'.repeat(LIMITS.headBytes)}`, 'uri_too_long'],
  ['a large head', request(`A: ${'a'.repeat(LIMITS.headBytes)}`), 'headers_too_large'],
  [
    'an endless head',
    `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(90)}C: ${'a'.repeat(LIMITS.headBytes)}`,
    'headers_too_large',
  ],
  [
    'too many fields',
    request(...Array.from({ length: LIMITS.headFields }, () => 'A: b')),
    'headers_too_large',
  ],
])('refuses %s in its own way', (_name, text, code) => {
  expect(read(text)).toEqual({ refused: code });
  expect(read(text, [10, 300])).toEqual({ refused: code });
});

test('takes the largest head that is allowed', () => {
  const frame = request('A: ').length;
  expect(read(request(`A: ${'a'.repeat(LIMITS.headBytes - frame)}`))).toMatchObject({
    next: LIMITS.headBytes,
  });
  expect(read(request(...Array.from({ length: LIMITS.headFields - 1 }, () => 'A: b')))).toMatchObject({
    host: 'a',
  });
});

test('takes out what belongs to the connection', () => {
  const head = read(
    request(
      'Connection: close, X-Gone , te',
      'X-Gone: 1',
      'x-gone: 2',
      'X-Stays: 3',
      'Keep-Alive: 1',
      'Proxy-Connection: x',
      'Proxy-Authorization: x',
      'Proxy-Authenticate: x',
      'TE: trailers',
      'Trailer: x',
      'HTTP2-Settings: x',
      'Upgrade: h2c',
      'Under_score: x',
    ),
  );
  expect(head).toMatchObject({ fields: ['X-Stays', '3'], close: true, upgrade: '' });
});

test('never lets Connection take what others rely on', () => {
  const kept = ['Authorization', 'Cookie', 'X-Forwarded-For', 'Forwarded', 'Traceparent', 'Content-Type'];
  const head = read(
    request(
      `Connection: host, ${kept.join(', ')}, content-length`,
      'Content-Length: 3',
      ...kept.map((name) => `${name}: v`),
    ),
  );
  expect(head).toMatchObject({ host: 'a', framing: 'length', contentLength: 3 });
  expect(head).toMatchObject({ fields: kept.flatMap((name) => [name, 'v']) });
});

test('understands upgrades, but for HTTP/2 without TLS', () => {
  expect(read(request('Connection: Upgrade', 'Upgrade: WebSocket'))).toMatchObject({
    upgrade: 'websocket',
    fields: [],
  });
  expect(
    read(request('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x')),
  ).toMatchObject({ upgrade: '', fields: [] });
  expect(read(request('Upgrade: websocket'))).toMatchObject({ upgrade: '' });
});

test('takes HTTP/1.0 with and without a Host, once', () => {
  expect(read('GET / HTTP/1.0\r\n\r\n')).toMatchObject({ host: '', minorVersion: 0, close: true });
  expect(read('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nExpect: x\r\n\r\n')).toMatchObject({
    host: 'a',
    close: true,
    expectsContinue: false,
  });
  expect(read('GET http://B/x HTTP/1.0\r\n\r\n')).toMatchObject({ host: 'b', target: '/x' });
});

test('takes the absolute form when it agrees with Host', () => {
  expect(read('GET HTTP://A:80/x HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ target: '/x', host: 'a' });
  expect(read('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ target: '*', path: '*' });
  expect(read(`\r\n${request()}`)).toMatchObject({ target: '/' });
});

test('refuses a head whose Connection names more options than anybody means, and takes what is usual', () => {
  const head = (count: number) =>
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: ${Array.from({ length: count }, (_, index) => `x${index}`).join()}\r\n\r\n`;
  const { refused, accepted } = { refused: parsed(head(33)), accepted: parsed(head(32)) };
  expect([refused, accepted]).toEqual(['too many options in Connection', 'accepted']);
});

/** What becomes of a request head. */
function parsed(text: string): string {
  const scanner = new HeadScanner(true);
  scanner.feed(Buffer.from(text, 'latin1'), 0, text.length);
  const { head, detail } = readRequest(scanner);
  return head === null ? detail : 'accepted';
}
