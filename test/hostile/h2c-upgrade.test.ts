/**
 * Attack: HTTP/2 in cleartext past a proxy that reads HTTP/1.1. `Upgrade: h2c` is forwarded, the server answers 101, and
 * from then on the client speaks to it through a tunnel in which no path is checked.
 * Known from: h2csmuggler (Bishop Fox, 2020): default configurations of HAProxy, Traefik, Nuster; a CDN or two.
 * Why it works: `Upgrade` and `HTTP2-Settings` are hop-by-hop, and proxies forwarded them.
 * Cutover: `h2c` is never an upgrade, `HTTP2-Settings` is dropped, the preface of HTTP/2 is a bad request, and a server
 * that answers 101 to a request without an upgrade broke the protocol.
 */
import { expect, test } from 'vitest';
import { fieldOf } from './lenient-upstream.ts';
import { PATIENT, expectRefused, expectUnharmed, get, stage, statuses } from './kit.ts';

const SETTINGS = 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA';
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\x06\x04\0\0\0\0\0';

test.each([
  ['as the standard says', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', SETTINGS]],
  ['without naming the settings', ['Connection: Upgrade', 'Upgrade: h2c', SETTINGS]],
  ['in upper case', ['Connection: upgrade', 'Upgrade: H2C', SETTINGS]],
  ['in a list', ['Connection: upgrade', 'Upgrade: websocket, h2c', SETTINGS]],
  ['in two fields', ['Connection: upgrade', 'Upgrade: websocket', 'Upgrade: h2c', SETTINGS]],
  ['behind a tab', ['Connection: upgrade', 'Upgrade:\th2c\t', SETTINGS]],
])('never passes on a wish for cleartext HTTP/2: %s', async (_name, fields) => {
  const on = await stage();
  expect(statuses(await on.send(get('/first', ...fields)))).toEqual([200]);
  const [seen] = on.legacy.requests;
  expect(seen && fieldOf(seen, 'upgrade')).toBeUndefined();
  expect(seen && fieldOf(seen, 'http2-settings')).toBeUndefined();
  expect(on.legacy.bytes).not.toMatch(/h2c|settings/i);
  await expectUnharmed(on);
});

test('a server that switches to HTTP/2 by itself is cut off, and the client is told 502', async () => {
  const on = await stage({ answering: () => SWITCHING });
  const text = await on.send(get('/first', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', SETTINGS));
  expect(statuses(text)).toEqual([502]);
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
});

test('the preface of HTTP/2 is refused and nothing behind it is read', async () => {
  const on = await stage();
  await expectRefused(on, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0', 505);
  await expectUnharmed(on);
});
