import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { headerOf } from '../../kit/answer-reader.ts';
import { Connection, fetchOnce, timed } from '../../kit/http-client.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import { load, loadInBackground } from '../../kit/load.ts';
import { upstreamConfig, upstreamPolicy } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';
import { upstream } from '../../kit/upstream.ts';
import type { Upstream } from '../../kit/upstream.ts';
import { rawServer } from '../../wire/kit.ts';
import { laneOf } from './lane-kit.ts';

/** Requests that reached any of them. */
const asked = (servers: readonly Upstream[]) => servers.reduce((sum, server) => sum + server.count(), 0);

const ejection = { failures: 5, share: 0.5, timeMs: 60_000, maxTimeMs: 60_000, maxShare: 0.5 };

test('a server that dies under load is ejected, and no idempotent request fails', async () => {
  const { servers, url, stats } = await laneOf('legacy', [
    upstream().slow(2),
    upstream().slow(2),
    upstream().slow(2),
  ]);
  const running = loadInBackground({ url, clients: 16 });
  await until(() => servers.every((server) => server.count() > 100));
  await servers[1]?.become(upstream().refuses());
  await until(() => stats().servers[1]?.state === 'ejected');
  const before = servers[0]?.count() ?? 0;
  await until(() => (servers[0]?.count() ?? 0) > before + 300);
  const { errors, statuses } = await running.stop();
  expect([errors, Object.keys(statuses)]).toEqual([[], ['200']]);
  expect(stats().retries).toBeGreaterThan(0);
  expect(stats().retriesDenied).toBe(0);
});

test('an ejected server gets exactly one request, and further ones when that is answered', async () => {
  const { servers, url, stats } = await laneOf('legacy', [upstream().hangs(), upstream()], {
    ejection: { ...ejection, timeMs: 1_000 },
    slowStartMs: 0,
    timeouts: { connectMs: null, firstByteMs: 200, idleMs: null, totalMs: null },
  });
  const sick = servers[0] as (typeof servers)[0];
  const failed = await load({ url, clients: 10, requestsPerClient: 1 });
  expect(failed.statuses).toEqual({ '200': 5, '504': 5 });
  expect([sick.count(), stats().servers[0]?.state]).toEqual([5, 'ejected']);
  const running = loadInBackground({ url, clients: 8, thinkMs: 1 });
  await until(() => stats().servers[0]?.state === 'probing');
  const others = servers[1]?.count() ?? 0;
  await until(() => (servers[1]?.count() ?? 0) > others + 30 || stats().servers[0]?.state !== 'probing');
  expect(sick.count()).toBe(6);
  await until(() => stats().servers[0]?.ejections === 2);
  await sick.become(upstream());
  await until(() => stats().servers[0]?.state === 'ok');
  await until(() => sick.count() > 30);
  const { errors, statuses } = await running.stop();
  expect(errors).toEqual([]);
  expect(statuses['504']).toBe(stats().ejections - 1);
});

test('a client that gives its probe up leaves the probe to the next one', async () => {
  const { servers, url, stats } = await laneOf('legacy', [upstream().refuses(), upstream()], {
    ejection: { ...ejection, timeMs: 50 },
  });
  while (stats().servers[0]?.state === 'ok') await fetchOnce(url);
  await servers[0]?.become(upstream().hangs());
  await until(async () => {
    const connection = await Connection.open(url);
    connection.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => servers.some((server) => server.count() > 0));
    const isProbe = servers[0]?.count() === 1;
    connection.close({ reset: true });
    servers[1]?.forget();
    return isProbe;
  });
  await until(() => stats().servers[0]?.state === 'ejected');
  await servers[0]?.become(upstream());
  await until(async () => (await fetchOnce(url)).status === 200 && stats().servers[0]?.state === 'ok');
  expect(stats().ejections).toBe(1);
});

test('when every server fails, the retry budget stops the storm', async () => {
  const { servers, url, stats } = await laneOf('legacy', [
    upstream().resets(),
    upstream().resets(),
    upstream().resets(),
  ]);
  const { value, tookMs } = await timed(() => load({ url, clients: 8, requestsPerClient: 50 }));
  const { shots } = value;
  expect(shots.length).toBe(400);
  expect(asked(servers)).toBeGreaterThan(shots.length);
  expect(asked(servers)).toBeLessThanOrEqual(shots.length * 1.2 + LIMITS.retryFloor + tookMs / 1_000);
  expect(stats().retriesDenied).toBeGreaterThan(0);
});

test('an answer of the server is never asked for again, and neither is a write that was sent', async () => {
  const { servers, url, stats } = await laneOf('legacy', [upstream().resets(), upstream().resets()]);
  expect((await fetchOnce(url, { method: 'POST', body: 'abc' })).status).toBe(502);
  expect(asked(servers)).toBe(1);
  for (const server of servers) await server.become(upstream().status(500));
  for (const server of servers) server.forget();
  expect((await fetchOnce(url)).status).toBe(500);
  expect(asked(servers)).toBe(1);
  expect(stats().retries).toBe(0);
});

test('answers of 502, 503 and 504 eject a server, other errors do not', async () => {
  const statuses = [502, 503, 504, 500, 200].map((status) => upstream().status(status));
  const { url, stats } = await laneOf('legacy', statuses, { ejection: { ...ejection, maxShare: 1 } });
  await load({ url, clients: 1, requestsPerClient: 6 * ejection.failures });
  const states = stats().servers.map(({ state }) => state);
  expect(states).toEqual(['ejected', 'ejected', 'ejected', 'ok', 'ok']);
});

test('a failure of the candidate that a retry repairs is counted as its failure all the same', async () => {
  const { servers, url, gateway, stats } = await laneOf(
    'candidate',
    [upstream(), upstream()],
    { ejection },
    { phase: 'enforce', reverseSample: 1 },
  );
  await load({ url, clients: 1, requestsPerClient: LIMITS.warmUpPairs + 2 });
  await servers[0]?.become(upstream().refuses());
  const { statuses } = await load({ url, clients: 1, requestsPerClient: 4 });
  expect([statuses, stats().retries]).toEqual([{ '200': 4 }, 1]);
  const { lanes, pairs } = await gateway.settled();
  const requests = LIMITS.warmUpPairs + 6;
  expect(lanes.candidate).toMatchObject({ requests, bad: 1 });
  expect(pairs.reverse).toMatchObject({ sent: requests, joint: { error: { n: 6, plus: 1, minus: 0 } } });
});

test('a failure of legacy that a retry repairs is not counted against it', async () => {
  const { url, gateway, stats } = await laneOf('legacy', [upstream().refuses(), upstream()], { ejection });
  await load({ url, clients: 1, requestsPerClient: 4 });
  expect(stats().retries).toBe(1);
  expect((await gateway.settled()).lanes.legacy).toMatchObject({ requests: 4, bad: 0 });
});

test('copies are never tried again, and go to a server that answers badly again and again', async () => {
  const { servers, url, gateway, stats } = await laneOf(
    'candidate',
    [upstream().status(503), upstream().json({ from: 'other' })],
    { ejection },
    { sample: 1 },
  );
  await load({ url, clients: 1, requestsPerClient: 40 });
  const { pairs } = await gateway.settled();
  expect(pairs.shadow).toMatchObject({ sent: 40, compared: 40 });
  expect(servers.map((server) => server.count())).toEqual([20, 20]);
  expect(stats('copies')).toMatchObject({ retries: 0, ejections: 0 });
});

test('copies of a server that can not be reached fail again after each moment that it is passed over', async () => {
  const { url, gateway, stats } = await laneOf(
    'candidate',
    [upstream().refuses(), upstream()],
    { ejection },
    { sample: 1 },
  );
  await load({ url, clients: 1, requestsPerClient: 10 });
  await gateway.settled();
  const { ejections } = stats('copies');
  expect(ejections).toBeGreaterThan(0);
  await until(async () => {
    await fetchOnce(url);
    return stats('copies').ejections >= ejections + 2;
  });
  expect(stats('copies').retries).toBe(0);
});

test('an upstream has times of its own, and the other lane keeps the common ones', async () => {
  const { url, gateway, other } = await laneOf('legacy', [upstream().hangs()], {
    timeouts: { connectMs: null, firstByteMs: 200, idleMs: null, totalMs: null },
  });
  expect((await fetchOnce(url)).status).toBe(504);
  await other.become(upstream().slow(600));
  gateway.apply({ rollout: { phase: 'enforce', reverseSample: 0 } });
  expect((await fetchOnce(url)).status).toBe(200);
});

test('a sticky user stays on one server through the death of another one', async () => {
  const answering = ['a', 'b', 'c'].map((name) => upstream().respond(() => ({ body: name })));
  const { servers, url } = await laneOf('legacy', answering, { balance: 'hash', hashKey: { cookie: 'sid' } });
  const ask = async (user: number) =>
    (await fetchOnce(url, { headers: { Cookie: `sid=user-${user}` } })).body.toString();
  const before = await Promise.all(Array.from({ length: 60 }, (_, user) => ask(user)));
  expect(new Set(before).size).toBe(3);
  await servers[2]?.stop();
  for (const [user, name] of before.entries()) {
    expect(await ask(user)).toMatch(name === 'c' ? /^[ab]$/ : name);
  }
});

test('the total time of an upstream is one for all tries of a request', async () => {
  const totalMs = 900;
  const asks: Socket[] = [];
  const reset = (socket: Socket) => {
    socket.once('data', () => {
      asks.push(socket);
      setTimeout(() => socket.resetAndDestroy(), 600);
    });
  };
  const urls: string[] = [];
  for (let index = 0; index < 3; index += 1) urls.push(`http://127.0.0.1:${(await rawServer(reset)).port}`);
  const policy = upstreamPolicy({
    ejection,
    timeouts: { connectMs: null, firstByteMs: 5_000, idleMs: null, totalMs },
  });
  const lanes = { legacy: { url: urls[0] as string }, candidate: { url: urls[0] as string } };
  const legacy = { ...upstreamConfig('legacy', ...urls), policy };
  const running = await inProcessGateway(lanes, { sample: 0 }, { legacy });
  const { value, tookMs } = await timed(() => fetchOnce(running.url));
  // A total for each try would end it by the third reset, as a 502.
  expect([value.status, headerOf(value, 'x-cutover-error')]).toEqual([504, 'total_timeout']);
  expect(asks).toHaveLength(2);
  expect(tookMs).toBeGreaterThanOrEqual(totalMs);
});
