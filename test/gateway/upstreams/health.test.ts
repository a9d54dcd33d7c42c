import { expect, test } from 'vitest';
import { fetchOnce } from '../../kit/http-client.ts';
import { load } from '../../kit/load.ts';
import { upstreamConfig, upstreamPolicy } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';
import { upstream } from '../../kit/upstream.ts';
import type { UpstreamBuilder } from '../../kit/upstream.ts';
import { laneOf } from './lane-kit.ts';

const health = { path: '/healthz', intervalMs: 50, timeoutMs: 1_000, healthy: 2, unhealthy: 3 };

/** A service that answers clients well, and the question whether it is well as it is told. */
function service(isWell: () => boolean): UpstreamBuilder {
  return upstream().respond(({ target }) =>
    target === '/healthz' ? { status: isWell() ? 204 : 503 } : { body: 'ok' },
  );
}

test('a server that says it is not well gets no requests until it is again', async () => {
  let isWell = true;
  const { servers, url, stats } = await laneOf('legacy', [service(() => isWell), service(() => true)], {
    health,
    slowStartMs: 0,
  });
  const forClients = () => servers[0]?.requests.filter(({ target }) => target === '/').length ?? 0;
  await until(() => (servers[0]?.count() ?? 0) > 3);
  expect(stats().servers[0]?.state).toBe('ok');
  isWell = false;
  await until(() => stats().servers[0]?.state === 'unhealthy');
  const before = forClients();
  const { statuses } = await load({ url, clients: 2, requestsPerClient: 10 });
  expect([statuses, forClients()]).toEqual([{ '200': 20 }, before]);
  isWell = true;
  await until(() => stats().servers[0]?.state === 'ok');
  await load({ url, clients: 1, requestsPerClient: 4 });
  expect(forClients()).toBe(before + 2);
  const question = servers[0]?.requests.find(({ target }) => target === '/healthz');
  expect(question?.header('host')).toBe(`127.0.0.1:${servers[0]?.port}`);
});

test('it takes several answers in a row to change what is known of a server', async () => {
  let asked = 0;
  const { stats } = await laneOf('legacy', [service(() => (asked += 1) % 3 === 0), service(() => true)], {
    health,
  });
  await until(() => asked > 20);
  expect(stats().servers.map(({ state }) => state)).toEqual(['ok', 'ok']);
});

test('a server that does not answer the question is not well, either', async () => {
  const { stats } = await laneOf('legacy', [upstream().hangs(), service(() => true)], {
    health: { ...health, timeoutMs: 100 },
  });
  await until(() => stats().servers[0]?.state === 'unhealthy');
  expect([stats('copies').servers[0]?.state, stats().isPanicking]).toEqual(['unhealthy', false]);
});

test('servers that are all unwell are used all the same', async () => {
  const { url, stats } = await laneOf('legacy', [service(() => false), service(() => false)], { health });
  await until(() => stats().isPanicking);
  expect((await fetchOnce(url)).status).toBe(200);
});

test('nobody is asked any more once the configuration is gone', async () => {
  const { servers, other, gateway } = await laneOf('legacy', [service(() => true), service(() => true)], {
    health,
  });
  await until(() => servers.every((server) => server.count() > 1));
  const next = { ...upstreamConfig('legacy', other.url), policy: upstreamPolicy({ health }) };
  gateway.apply({ config: { legacy: next } });
  const before = servers.map((server) => server.count());
  await until(() => other.count() > 10);
  for (const [index, server] of servers.entries()) {
    expect(server.count()).toBeLessThanOrEqual((before[index] as number) + 1);
  }
});
