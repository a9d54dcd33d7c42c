/**
 * Attack: a client that leaves in the middle. It announces a body, sends a part and closes (or only its sending side);
 * the proxy gives the connection to the server back to its pool, and the next client's request completes the body.
 * Known from: CVE-2026-33555 (HAProxy, a standalone FIN), "connection contamination" in several pools.
 * Why it works: on the server's side the request is still open, and nothing marks where it ends.
 * Cutover: a body that breaks off destroys its connection to the server, whatever came back by then.
 */
import { expect, test } from 'vitest';
import { PATIENT, expectUnharmed, get, stage } from './kit.ts';

const CUTS: [string, string][] = [
  ['in the middle of a length', 'POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello'],
  [
    'in the middle of a chunk',
    'POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhello',
  ],
  [
    'between two chunks',
    'POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  ],
  [
    'before the last line',
    'POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
  ],
  ['before the first byte of the body', 'POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n'],
];

test.each(CUTS)('destroys the connection to the server when a client closes %s', async (_name, half) => {
  const on = await stage();
  await on.send(get('/warm-up'));
  on.legacy.forget();
  const client = on.client();
  client.write(half);
  await expect.poll(() => on.legacy.bytes, PATIENT).toContain('POST /first');
  client.socket.end();
  await client.over();
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
  expect(on.legacy.lines).toEqual([]);
  await expectUnharmed(on);
});

test.each(CUTS)('destroys the connection to the server when a client resets %s', async (_name, half) => {
  const on = await stage();
  const client = on.client();
  client.write(half);
  await expect.poll(() => on.legacy.bytes, PATIENT).toContain('POST /first');
  client.socket.resetAndDestroy();
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
  expect(on.legacy.lines).toEqual([]);
  await expectUnharmed(on);
});

test('a client that leaves before its answer takes its connection to the server with it', async () => {
  const on = await stage({
    answering: ({ target }) =>
      target === '/hangs'
        ? null
        : `HTTP/1.1 200 OK\r\nContent-Length: ${4 + target.length}\r\n\r\nGET ${target}`,
  });
  const client = on.client();
  client.write(get('/hangs'));
  await expect.poll(() => on.legacy.lines, PATIENT).toEqual(['GET /hangs']);
  client.socket.destroy();
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
  await expectUnharmed(on);
});
