/**
 * Attack: bytes behind a request for another protocol. A proxy that turns into a tunnel when it sees `Upgrade` or
 * CONNECT, before the server has agreed, sends what follows unread: a second request past every check.
 * Known from: CVE-2026-2833 (Pingora), CVE-2025-64763 (Envoy), CVE-2026-58055 (nghttpx, with Content-Length).
 * Why it works: the server answers 200 and goes on reading HTTP on a connection that the proxy calls a tunnel.
 * Cutover: nothing is a tunnel before the server's 101. What follows a request that asked for one is the next request:
 * parsed, checked, numbered and forwarded like any other. CONNECT is refused.
 */
import { expect, test } from 'vitest';
import { fieldOf } from './lenient-upstream.ts';
import { PATIENT, expectRefused, expectUnharmed, get, post, SMUGGLED, stage, statuses } from './kit.ts';

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

test.each([
  ['a GET', get('/first', ...UPGRADE)],
  ['a POST with a body', post([...UPGRADE, 'Content-Length: 5'], 'hello')],
  ['a POST with chunks', post([...UPGRADE, 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n')],
  ['an unknown protocol', get('/first', 'Connection: upgrade', 'Upgrade: TLS/1.0, foo')],
])('serves a request behind a refused upgrade as one of its own: %s', async (_name, first) => {
  const on = await stage();
  const text = await on.send(first + SMUGGLED);
  expect(statuses(text)).toEqual([200, 200]);
  expect(on.legacy.lines.map((line) => line.split(' ')[1])).toEqual(['/first', '/smuggled']);
  // Both went through the gateway's own writer: an id of ours is in each, and they differ.
  const ids = on.legacy.requests.map((request) => fieldOf(request, 'x-request-id'));
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain(undefined);
  expect(on.legacy.bytes).not.toContain(SMUGGLED);
  await expectUnharmed(on);
});

test('bytes behind an upgrade that are no request never leave the gateway', async () => {
  const on = await stage();
  const text = await on.send(`${get('/first', ...UPGRADE)}\x81\x85\0\0\0\0hello`);
  expect(statuses(text)).toEqual([200, 400]);
  expect(on.legacy.lines).toEqual(['GET /first']);
  expect(on.legacy.bytes).not.toContain('hello');
  await expectUnharmed(on);
});

test('bytes that arrive while the server thinks about an upgrade are not sent to it', async () => {
  const on = await stage({ answering: () => null });
  const client = on.client();
  client.write(get('/first', ...UPGRADE));
  client.write(SMUGGLED);
  await expect.poll(() => on.legacy.lines, PATIENT).toEqual(['GET /first']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(on.legacy.bytes).not.toContain('smuggled');
});

test('refuses CONNECT and whatever is sent behind it', async () => {
  const on = await stage();
  await expectRefused(on, `CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${SMUGGLED}`, 501);
  await expectRefused(on, `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`, 501);
  await expectUnharmed(on);
});
