/**
 * Attack: two answers where one was asked for. A value with CR LF in it, a body longer than it says, an answer before its
 * request, interim answers without end: the surplus is the answer to the next request, which may be another client's.
 * Known from: response queue poisoning (2022), CVE-2023-25690 (Apache), every application that writes a parameter into
 * `Location`.
 * Why it works: a proxy that keeps what it has read gives it to whoever asks next.
 * Cutover: reads answers as strictly as requests; a surplus byte, or one that nobody asked for, destroys the connection;
 * what was already sent is cut off, never completed.
 */
import { expect, test } from 'vitest';
import { answerOf, fieldOf } from './lenient-upstream.ts';
import type { Answering } from './lenient-upstream.ts';
import { get, PATIENT, stage, statuses } from './kit.ts';

const POISON = answerOf('poison');

/** Answers `/lied` with these bytes, and everything else truthfully. */
function lying(bytes: string): Answering {
  return ({ target }) => (target === '/lied' ? bytes : answerOf(`GET ${target}`));
}

test.each([
  ['LF in a value', 'HTTP/1.1 200 OK\r\nLocation: /\nX: y\r\nContent-Length: 0\r\n\r\n'],
  ['CR in a value', 'HTTP/1.1 200 OK\r\nLocation: /\rX: y\r\nContent-Length: 0\r\n\r\n'],
  ['NUL in a value', 'HTTP/1.1 200 OK\r\nLocation: /\0\r\nContent-Length: 0\r\n\r\n'],
  ['CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n'],
  ['a folded value', 'HTTP/1.1 200 OK\r\nLocation: /\r\n x\r\nContent-Length: 0\r\n\r\n'],
  ['a blank before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
  ['an empty name', 'HTTP/1.1 200 OK\r\n: y\r\nContent-Length: 0\r\n\r\n'],
  [
    'two lengths',
    `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`,
  ],
  [
    'a length and chunks',
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${POISON}`,
  ],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
  ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'],
  ['a coding that is not chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['bare LF everywhere', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
  [
    'an interim answer with a length',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`,
  ],
  [
    'an interim answer with chunks',
    `HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${POISON}`,
  ],
  ['a flood of interim answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000) + POISON],
  ['a switch of protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['no HTTP at all', '\x16\x03\x01\x02\0\x01\0'],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}`],
  ['too many fields', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(1_000)}\r\n`],
])('answers 502 for a head that could be split, and ends its connection: %s', async (_name, bytes) => {
  const on = await stage({ answering: lying(bytes) });
  const text = await on.send(get('/lied'));
  expect(statuses(text).filter((status) => status >= 200)).toEqual([502]);
  expect(text).not.toContain('poison');
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
  expect((await on.send(get('/next'))).endsWith('\r\n\r\nGET /next')).toBe(true);
});

test.each([
  ['a second answer', answerOf('lied') + POISON, 'lied'],
  ['one byte too many', `${answerOf('lied')}!`, 'lied'],
  ['a body where none is allowed', `HTTP/1.1 204 No Content\r\n\r\n${POISON}`, ''],
  ['a body behind 304', `HTTP/1.1 304 Not Modified\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`, ''],
  [
    'an answer behind the last chunk',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlied\r\n0\r\n\r\n${POISON}`,
    'lied',
  ],
])('gives the next client nothing of a surplus behind an answer: %s', async (_name, bytes, body) => {
  const on = await stage({ answering: lying(bytes) });
  const text = await on.send(get('/lied') + get('/second'));
  expect(text).not.toContain('poison');
  expect(text).toContain(body);
  expect(text.endsWith('\r\n\r\nGET /second')).toBe(true);
  expect(on.legacy.connections).toHaveLength(2);
  expect((await on.send(get('/next'))).endsWith('\r\n\r\nGET /next')).toBe(true);
});

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello'],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
])('cuts an answer that breaks off, and never completes it: %s', async (_name, bytes) => {
  const on = await stage({
    answering: (_request, { socket }) => {
      socket.end(bytes, 'latin1');
      return null;
    },
  });
  const text = await on.send(get('/lied'));
  expect(text).toContain('hello');
  expect(text).not.toMatch(/\r\n0\r\n/);
  expect(statuses(text)).toEqual([200]);
});

test('a broken chunk of an answer cuts the client off instead of reaching it as a whole', async () => {
  const on = await stage({
    answering: () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5;x\r\n${POISON}`,
  });
  const text = await on.send(get('/lied'));
  expect(text).toContain('hello');
  expect(text).not.toContain('poison');
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
});

test('an answer that nobody asked for is never given to the next client', async () => {
  const on = await stage();
  await on.send(get('/warm-up'));
  on.legacy.connections[0]?.socket.write(POISON);
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
  expect((await on.send(get('/next'))).endsWith('\r\n\r\nGET /next')).toBe(true);
});

test('CR and LF that a client smuggles as escapes stay escapes', async () => {
  const on = await stage();
  await on.send(get('/a%0d%0aX:%20y?b=%0d%0a%0d%0aGET%20/smuggled'));
  expect(on.legacy.lines).toEqual(['GET /a%0D%0AX:%20y?b=%0d%0a%0d%0aGET%20/smuggled']);
  expect(on.legacy.requests[0] && fieldOf(on.legacy.requests[0], 'x')).toBeUndefined();
});
