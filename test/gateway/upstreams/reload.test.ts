import { expect, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { RawClient } from '../../wire/kit.ts';
import { OK, stage } from '../semantics/kit.ts';
import { gatewayConfig, route, upstreamConfig } from '../../kit/snapshot.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function ask(port: number): Promise<string> {
  const client = new RawClient(port);
  client.send(GET);
  const text = await client.expect(/ok$|\n$/);
  client.socket.destroy();
  return text;
}

test('goes on with its connections when a new configuration says the same about an upstream', async () => {
  const { port, legacy, gateway } = await stage(OK);
  await ask(port);
  gateway.apply({ config: { nodeRegion: 'elsewhere' } });
  await ask(port);
  expect(legacy.connections).toHaveLength(1);
});

test('opens new connections when a new configuration says something else, and closes the old ones', async () => {
  const { port, legacy, gateway } = await stage(OK);
  await ask(port);
  const { timeouts } = gatewayConfig(legacy.url, legacy.url);
  gateway.apply({ config: { timeouts: { ...timeouts, firstByteMs: 4_321 } } });
  await ask(port);
  expect(legacy.connections).toHaveLength(2);
  await until(() => legacy.connections[0]?.ended, 'the old connection to go');
});

test('remembers over a reload which server of an upstream is out', async () => {
  const dead = 'http://127.0.0.1:1';
  const { port, legacy, gateway } = await stage(OK, {}, { phase: 'enforce', reverseSample: 0 });
  const two = upstreamConfig('candidate', dead);
  const [out] = two.servers;
  const alive = upstreamConfig('candidate', legacy.url).servers[0];
  if (out === undefined || alive === undefined) throw new Error('no server');
  const candidate = {
    upstreams: [{ ...two, servers: [out, alive] }],
    routes: [route('all', '/', {})],
    filters: [],
  };
  gateway.apply({ config: { candidate } });
  for (let request = 0; request < 4; request += 1) expect(await ask(port)).toMatch(/ 200 OK/);
  const states = () => gateway.gateway.upstreams().find(({ name }) => name === 'candidate')?.servers;
  expect(states()?.map(({ state }) => state)).toContain('ejected');
  gateway.apply({ config: { nodeRegion: 'elsewhere' } });
  expect(states()?.map(({ ejections }) => ejections)).toContain(1);
});
