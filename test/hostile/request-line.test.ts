/**
 * Attack: a first line that two parsers split differently. Tabs, two blanks, bare LF, a NUL, a second version, text
 * before the method: one sees another method, target or version than the other, or two requests.
 * Known from: the HTTP Garden's findings on aiohttp, Mongoose, OpenLiteSpeed and others; CVE-2021-22959/22960 (Node).
 * Why it works: RFC 9112 allows recipients to be lenient, and each is in its own way.
 * Cutover: method SP target SP HTTP/1.0 or HTTP/1.1, CRLF; one empty line before it is dropped.
 */
import { expect, test } from 'vitest';
import { expectRefused, expectUnharmed, SMUGGLED, stage, statuses } from './kit.ts';

test.each([
  ['two blanks before the target', 'GET  /x HTTP/1.1', 400],
  ['two blanks before the version', 'GET /x  HTTP/1.1', 400],
  ['tabs', 'GET\t/x\tHTTP/1.1', 400],
  ['a form feed', 'GET /x\fHTTP/1.1', 400],
  ['a no-break space', 'GET /x\u00a0HTTP/1.1', 505],
  ['a blank at its start', ' GET /x HTTP/1.1', 400],
  ['a blank at its end', 'GET /x HTTP/1.1 ', 400],
  ['a blank in the target', 'GET /x y HTTP/1.1', 400],
  ['a second version', 'GET /x HTTP/1.1 HTTP/1.1', 400],
  ['NUL in the target', 'GET /x\0 HTTP/1.1', 400],
  ['NUL in the method', 'G\0ET /x HTTP/1.1', 400],
  ['LF for a blank', 'GET /x\nHTTP/1.1', 400],
  ['CR for a blank', 'GET /x\rHTTP/1.1', 400],
  ['a method in lower case', 'get /x HTTP/1.1', 400],
  ['a method in mixed case', 'Get /x HTTP/1.1', 400],
  ['a method of separators', 'G=":<>(e),[T]; /x HTTP/1.1', 400],
  ['no method', ' /x HTTP/1.1', 400],
  ['no target', 'GET HTTP/1.1', 505],
  ['an empty target', 'GET  HTTP/1.1', 400],
  ['no version', 'GET /x', 505],
  ['a lower-case version', 'GET /x http/1.1', 400],
  ['another protocol', 'GET /x RTSP/1.0', 400],
  ['a version with two digits', 'GET /x HTTP/1.10', 505],
  ['a version with a leading zero', 'GET /x HTTP/01.1', 505],
  ['a version above', 'GET /x HTTP/1.2', 505],
  ['HTTP/2', 'GET /x HTTP/2.0', 505],
  ['HTTP/0.9', 'GET /x HTTP/0.9', 505],
  ['a comma in the version', 'GET /x HTTP/1,1', 400],
  ['an asterisk for GET', 'GET * HTTP/1.1', 400],
])('refuses a request line with %s', async (_name, line, status) => {
  const on = await stage();
  await expectRefused(on, `${line}\r\nHost: a\r\n\r\n${SMUGGLED}`, status);
  await expectUnharmed(on);
});

test.each([
  ['two empty lines', '\r\n\r\n'],
  ['a bare LF', '\n'],
  ['a bare CR', '\r'],
  ['a byte order mark', '\u00ef\u00bb\u00bf'],
  ['NUL', '\0'],
  ['a TLS hello', '\x16\x03\x01\x02\0\x01'],
  ['a PROXY header that nobody configured', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n'],
])('refuses a request behind %s', async (_name, before) => {
  const on = await stage();
  on.legacy.forget();
  const text = await on.send(before + SMUGGLED);
  expect(statuses(text).filter((status) => status < 400)).toEqual([]);
  expect(on.legacy.bytes).toBe('');
});

test('drops one empty line before a request, as old clients send behind a body', async () => {
  const on = await stage();
  const body = 'POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\n';
  expect(statuses(await on.send(body + SMUGGLED))).toEqual([200, 200]);
  expect(on.legacy.lines).toEqual(['POST /first', 'GET /smuggled']);
});
