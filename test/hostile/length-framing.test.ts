/**
 * Attack: two ends for one body. A front reads one length, the server behind it another; what lies between is a second
 * request that nobody checked (CL.TE, TE.CL, TE.TE, CL.CL).
 * Known from: HTTP Desync Attacks (2019), CVE-2024-27982 and CVE-2025-23167 (Node), CVE-2025-55315 (Kestrel),
 * CVE-2025-43859 (h11), CVE-2023-38697 (protocol-http1), Akamai's `0x10`, aiohttp's `0_2e`.
 * Why it works: RFC 9112 says how to choose, servers choose otherwise, and a proxy that copies both fields passes the
 * ambiguity on.
 * Cutover: refuses every head with more than one framing field, and every value that is not digits alone or `chunked`
 * alone; what is forwarded is framed anew, with exactly one field.
 */
import { expect, test } from 'vitest';
import { fieldsOf } from './lenient-upstream.ts';
import { expectRefused, expectUnharmed, post, SMUGGLED, stage, statuses } from './kit.ts';

const { length } = SMUGGLED;
const HEX = length.toString(16);

test.each([
  ['CL.TE', ['Content-Length: 6', 'Transfer-Encoding: chunked']],
  ['TE.CL', ['Transfer-Encoding: chunked', 'Content-Length: 4']],
  ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: cow']],
  ['the same coding twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
  ['chunked not last', ['Transfer-Encoding: chunked, identity']],
  ['chunked twice in a list', ['Transfer-Encoding: chunked, chunked']],
  ['another coding before it', ['Transfer-Encoding: gzip, chunked']],
  ['identity', ['Transfer-Encoding: identity']],
  ['an unknown coding', ['Transfer-Encoding: xchunked', 'Content-Length: 5']],
  ['a quoted coding', ['Transfer-Encoding: "chunked"']],
  ['a parameter', ['Transfer-Encoding: chunked;q=1']],
  ['an empty coding', ['Transfer-Encoding:', `Content-Length: ${length}`]],
  ['a comma before it', ['Transfer-Encoding: ,chunked']],
  ['a vertical tab', ['Transfer-Encoding:\vchunked', 'Content-Length: 5']],
  ['a blank before the colon', ['Transfer-Encoding : chunked', 'Content-Length: 5']],
  ['a tab before the colon', ['Transfer-Encoding\t: chunked', 'Content-Length: 5']],
  ['a blank before the name', [' Transfer-Encoding: chunked', 'Content-Length: 5']],
  ['a folded line', ['Transfer-Encoding:', ' chunked', 'Content-Length: 5']],
  ['a bare LF before it', ['X: y\nTransfer-Encoding: chunked', 'Content-Length: 5']],
  ['a bare CR before it', ['X: y\rTransfer-Encoding: chunked', 'Content-Length: 5']],
  ['NUL in the value', ['Transfer-Encoding: chunked\0', 'Content-Length: 5']],
  ['a byte above 127 in the name', ['Transfer\u00adEncoding: chunked', 'Content-Length: 5']],
])('refuses a body with an unclear coding and forwards nothing: %s', async (_name, fields) => {
  const on = await stage();
  await expectRefused(on, post(fields, `0\r\n\r\n${SMUGGLED}`));
  await expectUnharmed(on);
});

test.each([
  ['two that differ', ['Content-Length: 0', `Content-Length: ${length}`]],
  ['two that agree', [`Content-Length: ${length}`, `Content-Length: ${length}`]],
  ['a list that agrees', [`Content-Length: ${length}, ${length}`]],
  ['a list that differs', [`Content-Length: 0, ${length}`]],
  ['a plus sign', [`Content-Length: +${length}`]],
  ['a minus sign', ['Content-Length: -1']],
  ['hexadecimal', [`Content-Length: 0x${HEX}`]],
  ['a blank inside', ['Content-Length: 3 5']],
  ['a fraction', [`Content-Length: ${length}.0`]],
  ['an exponent', ['Content-Length: 35e0']],
  ['an underscore', ['Content-Length: 3_5']],
  ['nothing', ['Content-Length:']],
  ['quotes', [`Content-Length: "${length}"`]],
  ['a no-break space', [`Content-Length:\u00a0${length}`]],
  ['overflow of 64 bits', ['Content-Length: 18446744073709551651']],
  ['more than a double holds', ['Content-Length: 9007199254740993']],
  ['two hundred digits', [`Content-Length: ${'9'.repeat(200)}`]],
  ['a blank before the colon', [`Content-Length : ${length}`]],
  ['a folded value', ['Content-Length:', ` ${length}`]],
  ['fifty leading zeros', [`Content-Length: ${'0'.repeat(50)}${length}`]],
])('refuses a body with an unclear length and forwards nothing: %s', async (_name, fields) => {
  const on = await stage();
  await expectRefused(on, post(fields, SMUGGLED));
  await expectUnharmed(on);
});

test('a length with leading zeros is forwarded as one plain number', async () => {
  const on = await stage();
  const text = await on.send(post([`Content-Length: 00${length}`], SMUGGLED));
  expect(statuses(text)).toEqual([200]);
  expect(on.legacy.lines).toEqual(['POST /first']);
  expect(fieldsOf(on.legacy.requests[0] ?? { fields: [] }, 'content-length')).toEqual([String(length)]);
});

test.each([
  ['a length with `_`', [`Content_Length: ${length}`, 'Content-Length: 0'], ''],
  ['a coding with `_`', ['Transfer_Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'],
  ['a length that Connection names', [`Content-Length: ${length}`, 'Connection: Content-Length'], SMUGGLED],
  [
    'a coding that Connection names',
    ['Transfer-Encoding: chunked', 'Connection: Transfer-Encoding'],
    `${HEX}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
])('a request is never split by a field in disguise: %s', async (_name, fields, body) => {
  const on = await stage();
  const text = await on.send(post(fields, body));
  expect(statuses(text)).toEqual([200]);
  expect(on.legacy.lines).toEqual(['POST /first']);
  const [seen] = on.legacy.requests;
  const framing = [
    ...fieldsOf(seen ?? { fields: [] }, 'content-length'),
    ...fieldsOf(seen ?? { fields: [] }, 'transfer-encoding'),
  ];
  expect(framing).toHaveLength(1);
  expect(on.legacy.bytes).not.toMatch(/_Length|_Encoding/);
});

test('a body on GET, HEAD or DELETE stays a body', async () => {
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
    const on = await stage();
    await on.send(`${method} /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${SMUGGLED}`);
    expect(on.legacy.lines).toEqual([`${method} /first`]);
    expect(on.legacy.requests[0]?.body).toBe(SMUGGLED);
  }
});
