import { afterEach, expect, test } from 'vitest';
import { headerOf } from './answer-reader.ts';
import { ClientError, Connection, KeepAliveClient, fetchOnce, timed } from './http-client.ts';
import { load } from './load.ts';
import { until } from './until.ts';
import { upstream } from './upstream.ts';
import type { Upstream, UpstreamBuilder } from './upstream.ts';

const running: Upstream[] = [];

async function start(behaviour: UpstreamBuilder): Promise<Upstream> {
  const server = await behaviour.start();
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function failure(work: Promise<unknown>): Promise<ClientError> {
  const thrown: unknown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof ClientError) return thrown;
  throw new Error(`expected a client error, got ${String(thrown)}`);
}

test('records exactly what it received', async () => {
  const server = await start(upstream().json({ ok: true }));
  const answer = await fetchOnce(server.url, {
    method: 'POST',
    target: '/a?b=1',
    headers: { 'X-Two': 'v' },
    body: 'hi',
  });
  expect(answer.body.toString()).toBe('{"ok":true}');
  expect(headerOf(answer, 'content-type')).toBe('application/json');
  const [seen] = server.requests;
  expect(server.count()).toBe(1);
  expect([seen?.method, seen?.target, seen?.body.toString(), seen?.complete]).toEqual([
    'POST',
    '/a?b=1',
    'hi',
    true,
  ]);
  expect(seen?.rawHeaders).toEqual(['Host', new URL(server.url).host, 'X-Two', 'v', 'Content-Length', '2']);
});

test('each way to break is seen by the client as what it is', async () => {
  const server = await start(upstream().json({ some: 'body that is long enough to be cut' }));
  const broken: [UpstreamBuilder, string, string][] = [
    [upstream().resets(), 'send', 'ECONNRESET'],
    [upstream().status(200, 'a body').resets('after-head'), 'answer', 'ECONNRESET'],
    [upstream().status(200, 'a body').truncates(), 'answer', 'EBROKEN'],
    [upstream().garbage(), 'answer', 'EBROKEN'],
    [upstream().hangs(), 'send', 'ETIMEOUT'],
    [upstream().refuses(), 'connect', 'ECONNREFUSED'],
  ];
  for (const [behaviour, at, code] of broken) {
    await server.become(behaviour);
    const error = await failure(fetchOnce(server.url, {}, 300));
    expect([error.at, error.code], JSON.stringify(behaviour.fault)).toEqual([at, code]);
  }
  await server.become(upstream().json({ back: true }));
  expect((await fetchOnce(server.url)).status).toBe(200);
});

test('sends a longer body than it announced', async () => {
  const server = await start(upstream().status(200, 'short').tooLong());
  const connection = await Connection.open(server.url);
  expect((await connection.request()).body.toString()).toBe('short');
  await until(() => connection.received.includes('poison'), 'the surplus bytes');
  connection.close();
});

test('drips and delays by the clock', async () => {
  const server = await start(upstream().status(200, 'x'.repeat(300)).drips(1_000));
  const dripped = await timed(() => fetchOnce(server.url));
  expect(dripped.value.body.length).toBe(300);
  expect(dripped.tookMs).toBeGreaterThan(250);
  await server.become(upstream().slow(120));
  expect((await timed(() => fetchOnce(server.url))).tookMs).toBeGreaterThan(115);
});

test('lies about a status, a field, a header, on the requests it was told to', async () => {
  const server = await start(
    upstream()
      .json({ a: { b: 1 } })
      .lies({ field: 'a.b', value: 2, every: 2 }),
  );
  const bodies = [await fetchOnce(server.url), await fetchOnce(server.url)].map((answer) =>
    answer.body.toString(),
  );
  expect(bodies).toEqual(['{"a":{"b":1}}', '{"a":{"b":2}}']);
  await server.become(
    upstream()
      .json({ a: 1 })
      .lies({ status: 503, headers: { 'x-lie': 'yes' } }),
  );
  const lie = await fetchOnce(server.url);
  expect([lie.status, headerOf(lie, 'x-lie')]).toEqual([503, 'yes']);
});

test('the keep-alive client stays on one connection and leaves it when told to', async () => {
  const server = await start(
    upstream().respond((request) => ({
      body: 'x',
      headers: request.target === '/last' ? { connection: 'close' } : {},
    })),
  );
  const client = new KeepAliveClient(server.url);
  for (const target of ['/', '/', '/last', '/', '/']) await client.request({ target });
  client.close();
  expect(server.requests.map((request) => request.connection)).toEqual([1, 1, 1, 2, 2]);
});

test('a failed request is never sent again', async () => {
  const server = await start(upstream());
  const client = new KeepAliveClient(server.url);
  await client.request();
  await server.become(upstream().resets());
  const error = await failure(client.request());
  expect([error.code, error.requestOnConnection]).toEqual(['ECONNRESET', 2]);
  expect(server.count()).toBe(2);
  client.close();
});

test('a load counts every request and every error', async () => {
  const server = await start(
    upstream().respond((request) => ({ status: request.number % 4 === 0 ? 500 : 200 })),
  );
  const result = await load({ url: server.url, clients: 5, requestsPerClient: 20 });
  expect(result.statuses).toEqual({ 200: 75, 500: 25 });
  expect([result.shots.length, result.errors.length, server.count(), server.connections()]).toEqual([
    100, 0, 100, 5,
  ]);
  await server.become(upstream().refuses());
  const refused = await load({ url: server.url, clients: 2, requestsPerClient: 3 });
  expect(refused.errors.map((error) => error.at)).toEqual(Array.from({ length: 6 }, () => 'connect'));
});

test('a paced load never exceeds its rate', async () => {
  const server = await start(upstream());
  const { tookMs } = await timed(() =>
    load({ url: server.url, clients: 4, requestsPerClient: 25, ratePerSecond: 200 }),
  );
  expect(tookMs).toBeGreaterThan(450);
});
