/**
 * Attack: chunks that two parsers cut differently. A size line with an extension, a bare LF, a sign or an overflow; data
 * that does not end where its size says; a trailer that is read as a head.
 * Known from: CVE-2025-55315 (Kestrel: LF in an extension), CVE-2025-43859 (h11: any two bytes after the data),
 * CVE-2024-27982 (Node), Akamai and Google (`\r` before `;`), the HTTP Garden's findings on `0x`, `+`, `_` and `\n`.
 * Why it works: an extension is read by nobody, so each parser has its own idea of where it ends, and proxies copy it.
 * Cutover: a size line is hexadecimal digits and CRLF, nothing else; extensions are refused; trailers are checked and
 * dropped; chunks are written anew.
 */
import { expect, test } from 'vitest';
import { expectUnharmed, post, SMUGGLED, stage, statuses } from './kit.ts';

const CHUNKED = ['Transfer-Encoding: chunked'];

test.each([
  ['an extension', `5;a=b\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['an empty extension', `5;\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF in an extension', `2;\nxx\r\n2d\r\n0\r\n\r\n${SMUGGLED}0\r\n\r\n`],
  ['a quoted CRLF in an extension', `2;a="\r\n"\r\nxx\r\n0\r\n\r\n${SMUGGLED}`],
  ['a CR before an extension', `2\r\r;a\r\n02\r\n2d\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF after the size', `5\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare CR after the size', `5\rXhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF after the data', `5\r\nhello\n0\r\n\r\n${SMUGGLED}`],
  ['nothing after the data', `5\r\nhello0\r\n\r\n${SMUGGLED}`],
  ['two other bytes after the data', `5\r\nhelloXX0\r\n\r\n${SMUGGLED}`],
  ['data longer than its size', `3\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF after the last chunk', `5\r\nhello\r\n0\n\r\n${SMUGGLED}`],
  ['a bare LF at the very end', `5\r\nhello\r\n0\r\n\n${SMUGGLED}`],
  ['`0x`', `0x5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a plus sign', `+5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a minus sign', `-5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['an underscore', `0_5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a blank before the size', ` 5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a blank after the size', `5 \r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['no size', `\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['overflow of 64 bits', `10000000000000005\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['the largest 64-bit number', `ffffffffffffffff\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['forty leading zeros', `${'0'.repeat(40)}5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ['a folded trailer', `0\r\nX: y\r\n z\r\n\r\n${SMUGGLED}`],
  ['a bare LF in a trailer', `0\r\nX: y\nZ: z\r\n\r\n${SMUGGLED}`],
  ['a trailer without a colon', `0\r\nGET /smuggled HTTP/1.1\r\n\r\n`],
  ['a trailer of 5 KiB', `0\r\nX: ${'y'.repeat(5_000)}\r\n\r\n${SMUGGLED}`],
])('ends the connection at a broken chunk and no request appears behind it: %s', async (_name, body) => {
  const on = await stage();
  const text = await on.send(post(CHUNKED, body));
  expect(statuses(text).filter((status) => status < 400)).toEqual([]);
  expect(on.legacy.lines).toEqual([]);
  expect(on.legacy.bytes.match(/ HTTP\/1\.1\r\n/g)?.length ?? 0).toBeLessThanOrEqual(1);
  await expectUnharmed(on);
  expect(on.legacy.open).toBe(1);
});

test('chunks are written anew: zeros and case of the sizes, and the trailers, are ours', async () => {
  const on = await stage();
  const body = `00005\r\nhello\r\n000A\r\n0123456789\r\n00\r\nX-T: 1\r\nContent-Length: 3\r\nHost: b\r\n\r\n`;
  const text = await on.send(post(CHUNKED, body) + SMUGGLED);
  expect(statuses(text)).toEqual([200, 200]);
  // What follows the last chunk is a request of its own, and is seen as one.
  expect(on.legacy.lines).toEqual(['POST /first', 'GET /smuggled']);
  expect(on.legacy.requests[0]?.body).toBe('hello0123456789');
  expect(on.legacy.requests[0]?.raw).toMatch(/\r\n\r\n5\r\nhello\r\na\r\n0123456789\r\n0\r\n\r\n$/);
  expect(on.legacy.requests[0]?.raw).not.toMatch(/X-T:|Content-Length|Host: b/);
});
