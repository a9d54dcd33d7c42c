/**
 * Attack: a version that does not fit the framing. HTTP/1.0 knows no chunks; a proxy that reads them and a server that
 * does not (or the other way round) disagree about the end of the body. The same with keep-alive, which is no default.
 * Known from: CVE-2026-2835 (Pingora), and older ones in Squid and ATS.
 * Why it works: RFC 9112, section 6.1: such a message's framing is faulty, whatever the fields say.
 * Cutover: Transfer-Encoding in HTTP/1.0 is refused; a connection ends after an HTTP/1.0 request, also when it asks to
 * stay; what is forwarded is HTTP/1.1, framed anew. Nothing above 1.1 is guessed at.
 */
import { expect, test } from 'vitest';
import { PATIENT, expectRefused, expectUnharmed, SMUGGLED, stage, statuses } from './kit.ts';

test.each([
  ['alone', ['Transfer-Encoding: chunked']],
  ['with keep-alive', ['Transfer-Encoding: chunked', 'Connection: keep-alive']],
  ['with a length', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
])('refuses chunks in HTTP/1.0 and forwards nothing: %s', async (_name, fields) => {
  const on = await stage();
  const head = ['POST /first HTTP/1.0', 'Host: a', ...fields, '', ''].join('\r\n');
  await expectRefused(on, `${head}0\r\n\r\n${SMUGGLED}`);
  await expectUnharmed(on);
});

test('answers one HTTP/1.0 request and drops what follows it', async () => {
  const on = await stage();
  const text = await on.send(
    `POST /first HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello${SMUGGLED}`,
  );
  expect(statuses(text)).toEqual([200]);
  expect(on.legacy.lines).toEqual(['POST /first']);
  expect(on.legacy.bytes).toMatch(/^POST \/first HTTP\/1\.1\r\nHost: a\r\n/);
});

test('an answer in chunks of HTTP/1.0 is refused, and its connection is not used again', async () => {
  const on = await stage({
    answering: () =>
      `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  });
  expect(statuses(await on.send(SMUGGLED))).toEqual([502]);
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
});

test.each(['HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/11.1'])(
  'refuses a version it does not speak: %s',
  async (version) => {
    const on = await stage();
    await expectRefused(on, `GET /first ${version}\r\nHost: a\r\n\r\n${SMUGGLED}`, 505);
  },
);
