import { expect, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { exchange } from '../../wire/kit.ts';
import { rawLane, stage } from '../semantics/kit.ts';
import { switcher, tunnelled } from '../semantics/upgrade-kit.ts';

test('a tunnel counts as a call on its server, and least-request goes elsewhere', async () => {
  const { port, gateway } = await stage(switcher);
  const other = await rawLane(switcher);
  const { config } = gateway.apply({});
  const servers = [
    ...config.legacy.servers,
    { scheme: 'http', host: '127.0.0.1', port: Number(new URL(other.url).port) },
  ] as const;
  const policy = { ...config.legacy.policy, balance: 'least-request' } as const;
  gateway.apply({ config: { legacy: { ...config.legacy, servers, policy } } });
  const legacy = () =>
    gateway.gateway.upstreams().find(({ name, use }) => name === 'legacy' && use === 'clients');
  const client = await tunnelled(port);
  expect(
    legacy()
      ?.servers.map(({ active }) => active)
      .toSorted(),
  ).toEqual([0, 1]);
  const free = legacy()?.servers[0]?.active === 0 ? 0 : 1;
  for (let index = 0; index < 12; index += 1) {
    await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  }
  const plain = other.requests.filter((request) => !request.includes('/chat')).length;
  expect(plain).toBe(free === 1 ? 12 : 0);
  expect(gateway.summary()).toBeDefined();
  expect(gateway.deltas.at(-1)?.gauges.upstreams[0]).toMatchObject({
    upstream: 'legacy',
    open: 2,
    active: 1,
  });
  client.socket.resetAndDestroy();
  await until(() => legacy()?.servers.every(({ active }) => active === 0), 'the end of the tunnel');
});
