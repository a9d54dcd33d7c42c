/**
 * Attack: a body that nobody read. The server answers before the request's body is complete and keeps the connection;
 * the proxy uses it again, and the rest of the body is the next request there. On the client's side the same: the rest
 * of the body is read as a request.
 * Known from: CVE-2025-4366 (Pingora), 0.CL desync with early-response gadgets (2025).
 * Why it works: an answer ends the exchange for the client, not the request's body.
 * Cutover: an answer before the body is complete ends both connections after it; neither is used again.
 */
import { expect, test } from 'vitest';
import { answerOf } from './lenient-upstream.ts';
import { PATIENT, expectUnharmed, get, SMUGGLED, stage, statuses } from './kit.ts';

const LONG = 'Content-Length: 1000';

test.each([
  ['a length', `POST /first HTTP/1.1\r\nHost: a\r\n${LONG}\r\n\r\nhello`],
  ['chunks', 'POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
])('uses neither connection again after an answer to half a request: %s', async (_name, half) => {
  const on = await stage();
  on.legacy.early = answerOf('early');
  const client = on.client();
  client.write(half);
  await client.sees('early');
  expect(client.text).toContain('Connection: close');
  client.write(SMUGGLED);
  await client.over();
  expect(statuses(client.text)).toEqual([200]);
  expect(on.legacy.lines).toEqual([]);
  expect(on.legacy.bytes).not.toContain('smuggled');
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
  await expectUnharmed(on);
});

test('an answer of the gateway itself to an unread body ends the connection', async () => {
  const on = await stage({
    rollout: { phase: 'retired' },
    config: () => ({ candidate: { upstreams: [], routes: [], filters: [] } }),
  });
  const client = on.client();
  client.write(`POST /first HTTP/1.1\r\nHost: a\r\n${LONG}\r\n\r\n`);
  await client.sees('HTTP/1.1 404');
  client.write(SMUGGLED);
  await client.over();
  expect(statuses(client.text)).toEqual([404]);
  expect(on.candidate.bytes).toBe('');
});

test('a whole request whose body is answered early still ends the connection to the server', async () => {
  const on = await stage();
  on.legacy.early = answerOf('early');
  const client = on.client();
  client.write(`POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n${'x'.repeat(50)}`);
  await client.sees('early');
  client.write('x'.repeat(50) + get('/second'));
  await client.over();
  expect(statuses(client.text)).toEqual([200]);
  await expect.poll(() => on.legacy.open, PATIENT).toBe(0);
});
