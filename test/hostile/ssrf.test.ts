/**
 * Attack: the gateway as a way in. An absolute target, a Host or CONNECT names an address that only the gateway can
 * reach: cloud metadata, the admin API, another server's port.
 * Known from: CVE-2021-40438 (Apache mod_proxy), "Cracking the lens" (2017), every open forward proxy.
 * Why it works: the address to connect to is taken from the request.
 * Cutover: where a request goes comes from the configuration alone. A request's host is a text that is checked, matched
 * and passed on; nothing is resolved or connected to because of it.
 */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { expectRefused, stage, statuses } from './kit.ts';

/** A server that nobody may reach. */
async function startForbidden(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

test.each([
  ['an absolute target', (at: string) => `GET http://${at}/x HTTP/1.1\r\nHost: ${at}\r\n\r\n`],
  ['Host', (at: string) => `GET /x HTTP/1.1\r\nHost: ${at}\r\n\r\n`],
  ['an absolute target of HTTP/1.0', (at: string) => `GET http://${at}/x HTTP/1.0\r\n\r\n`],
  [
    'X-Forwarded-Host',
    (at: string) => `GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: ${at}\r\nForwarded: host=${at}\r\n\r\n`,
  ],
  [
    'X-Original-URL',
    (at: string) =>
      `GET /x HTTP/1.1\r\nHost: a\r\nX-Original-URL: http://${at}/\r\nX-Rewrite-URL: http://${at}/\r\n\r\n`,
  ],
  ['a query', (at: string) => `GET /x?url=http://${at}/ HTTP/1.1\r\nHost: a\r\n\r\n`],
])('connects to the configured server alone, whatever is named by %s', async (_name, bytes) => {
  const forbidden = await startForbidden();
  const on = await stage();
  expect(statuses(await on.send(bytes(`127.0.0.1:${forbidden.port}`)))).toEqual([200]);
  expect(on.legacy.lines[0]).toMatch(/^GET \/x/);
  expect(forbidden.connections()).toBe(0);
});

test.each([
  'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://a@169.254.169.254/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET gopher://a:70/_x HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET unix:/run/admin.sock|http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET @169.254.169.254/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET :80/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n',
])('refuses a target that names another server: %s', async (bytes) => {
  await expectRefused(await stage(), bytes);
});

test('refuses to open a tunnel to anywhere', async () => {
  const forbidden = await startForbidden();
  const on = await stage();
  const at = `127.0.0.1:${forbidden.port}`;
  await expectRefused(on, `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`, 501);
  expect(forbidden.connections()).toBe(0);
});

test('a doubled slash in front of a host is a path and no other server', async () => {
  const on = await stage();
  await on.send('GET //169.254.169.254/latest HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(on.legacy.lines).toEqual(['GET /169.254.169.254/latest']);
});
