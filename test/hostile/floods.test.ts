/**
 * Attack: more than anybody wants. Thousands of pipelined requests on one connection, thousands of connections, requests
 * that are never waited for: each costs the sender a few bytes and the server a place in a queue.
 * Known from: the HTTP/1 relatives of Rapid Reset (CVE-2023-44487): pipelining floods, connection floods.
 * Why it works: queues without a bound.
 * Cutover: one request of a connection is under way, 64 KiB of it wait, then its socket is not read; connections above
 * the limit are told 503, further ones are closed; a client that leaves takes its request with it.
 */
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { get, PATIENT, stage, statuses } from './kit.ts';

test('a pipeline is served one request at a time, in order, and waits in a bounded buffer', async () => {
  const on = await stage({ answering: () => null });
  const client = on.client();
  const request = get('/x', `X: ${'y'.repeat(1_000)}`);
  let taken = 0;
  for (let sent = 0; sent < 20_000; sent += 1) client.socket.write(request, () => (taken += request.length));
  await expect.poll(() => on.legacy.lines, PATIENT).toEqual(['GET /x']);
  // The kernel's buffers of both ends are full, and nothing more is read.
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = before === taken;
        before = taken;
        return isStill;
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBe(true);
  expect(taken).toBeLessThan(20_000 * request.length);
  expect(client.socket.writableLength).toBeGreaterThan(LIMITS.pipelineBytes);
  expect(on.legacy.requests).toHaveLength(1);
  expect(on.legacy.open).toBe(1);
});

test('answers a pipeline of a thousand requests in their order', async () => {
  const on = await stage();
  const bytes = Array.from({ length: 1_000 }, (_, at) => get(`/${at}`)).join('');
  const text = await on.send(bytes);
  const bodies = [...text.matchAll(/GET \/(\d+)/g)].map((match) => Number(match[1]));
  expect(bodies).toEqual(Array.from({ length: 1_000 }, (_, at) => at));
  expect(on.legacy.connections.length).toBeLessThanOrEqual(2);
});

test('turns connections above the limit away with 503 and serves those it has', async () => {
  const on = await stage({ config: () => ({ maxConnections: 10 }) });
  const kept = Array.from({ length: 10 }, () => on.client());
  for (const client of kept) client.write(get('/kept'));
  await Promise.all(kept.map((client) => client.sees('GET /kept')));
  const turnedAway = Array.from({ length: 50 }, () => on.client());
  await Promise.all(turnedAway.map((client) => client.over()));
  expect(turnedAway.filter(({ text }) => text.includes(' 503 ')).length).toBeGreaterThan(0);
  expect(turnedAway.every(({ text }) => text === '' || statuses(text)[0] === 503)).toBe(true);
  kept[0]?.write(get('/again'));
  await kept[0]?.sees('GET /again');
  for (const client of kept) client.socket.destroy();
  await expect.poll(() => on.gateway.gateway.collect().at(-1)?.gauges.connections, PATIENT).toBe(0);
  expect(statuses(await on.send(get('/next')))).toEqual([200]);
});

test('clients that ask and leave at once leave nothing behind', async () => {
  const on = await stage();
  const clients = Array.from({ length: 200 }, () => on.client());
  for (const client of clients) {
    client.write(get('/x') + get('/y'));
    client.socket.once('connect', () => setImmediate(() => client.socket.resetAndDestroy()));
  }
  await Promise.all(clients.map((client) => client.over()));
  expect(statuses(await on.send(get('/next')))).toEqual([200]);
  await on.gateway.settled();
  await expect.poll(() => on.gateway.gateway.collect().at(-1)?.gauges.connections, PATIENT).toBe(0);
  expect(on.legacy.requests.filter(({ target }) => target === '/next')).toHaveLength(1);
});
