/**
 * Attack: a client that takes its time. A head, a body, or the reading of an answer, one byte now and then: each holds a
 * connection, and a few hundred hold them all.
 * Known from: Slowloris (2009), R.U.D.Y., slow read; plain Node cut none of 300, NGINX needed 62 s.
 * Why it works: a time limit that begins anew with each byte never ends.
 * Cutover: a head has ten seconds from its first byte, whatever trickles in; a body and a reader must not be silent for
 * longer than theirs; connections are counted. Others are served at full speed meanwhile.
 */
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import { answerOf } from './lenient-upstream.ts';
import { get, PATIENT, stage, statuses } from './kit.ts';
import type { RawClient, Stage } from './kit.ts';

const { timeouts } = gatewayConfig('http://a:1', 'http://a:1');
const hasty = () => ({
  timeouts: { ...timeouts, headMs: 400, clientBodyIdleMs: 400, clientWriteIdleMs: 400, keepAliveIdleMs: 400 },
});

/** Sends one byte every 50 ms until the connection is over. */
function drip(client: RawClient, bytes: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (client.ended || at >= bytes.length) return clearInterval(timer);
    client.write(bytes[at] ?? '');
    at += 1;
  }, 50);
  client.socket.on('close', () => clearInterval(timer));
}

async function servesOthers(on: Stage): Promise<void> {
  expect(statuses(await on.send(get('/others')))).toEqual([200]);
}

test('cuts a head that trickles in, and says 408', async () => {
  const on = await stage({ config: hasty });
  const client = on.client();
  drip(client, get('/x', `X: ${'y'.repeat(1_000)}`));
  await servesOthers(on);
  await client.over();
  expect(statuses(client.text)).toEqual([408]);
  expect(on.legacy.lines).toEqual(['GET /others']);
});

test('cuts three hundred slow heads within their time while others are served', async () => {
  const on = await stage({ config: hasty });
  const clients = Array.from({ length: 300 }, () => on.client());
  for (const client of clients) client.write('GET /slow HTTP/1.1\r\nHost: a\r\nX: ');
  for (const client of clients.slice(0, 20)) drip(client, 'y'.repeat(1_000));
  await servesOthers(on);
  await Promise.all(clients.map((client) => client.over(20_000)));
  await servesOthers(on);
  expect(on.legacy.lines).toEqual(['GET /others', 'GET /others']);
  // The product's own limits keep the promise of fifteen seconds.
  expect(LIMITS.headTimeoutMs).toBeLessThanOrEqual(15_000);
});

test('cuts a connection that says nothing at all', async () => {
  const on = await stage({ config: hasty });
  const client = on.client();
  await client.over();
  expect(client.text).toBe('');
});

test('cuts a body that falls silent, and the connection behind it', async () => {
  const on = await stage({ config: hasty });
  const client = on.client();
  client.write('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello');
  await servesOthers(on);
  await client.over();
  expect(on.legacy.lines).toEqual(['GET /others']);
  await expect.poll(() => on.legacy.open, PATIENT).toBe(1);
});

test('cuts a client that does not read its answer, and the connection behind it', async () => {
  const body = 'x'.repeat(16 * 1024 * 1024);
  const on = await stage({
    config: hasty,
    answering: ({ target }) => answerOf(target === '/large' ? body : `GET ${target}`),
  });
  const client = on.client();
  client.socket.pause();
  client.write(get('/large'));
  await expect.poll(() => on.legacy.lines, PATIENT).toEqual(['GET /large']);
  await servesOthers(on);
  await expect.poll(() => on.gateway.gateway.collect().at(-1)?.gauges.connections, PATIENT).toBe(0);
  client.socket.resume();
  await client.over();
  expect(client.text.length).toBeLessThan(body.length);
  await expect.poll(() => on.legacy.open, PATIENT).toBeLessThanOrEqual(1);
});
