import { afterAll, beforeAll, expect, test } from 'vitest';
import { explanationSchema } from '../../src/report/routes-schema.ts';
import type { Explanation } from '../../src/report/routes-schema.ts';
import { cli } from '../cli/kit.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';

const TIMEOUT = { timeout: 60_000 };
const USERS = Array.from({ length: 16 }, (_, index) => `user-${index}`);
let servers: Record<'legacy' | 'one' | 'two' | 'odd', Upstream>;
let running: RunningGateway;

beforeAll(async () => {
  const saying = async (name: string) =>
    await upstream()
      .respond(() => ({ body: name }))
      .start();
  servers = {
    legacy: await saying('legacy'),
    one: await saying('one'),
    two: await saying('two'),
    odd: await saying('odd'),
  };
  const { one, two, odd } = servers;
  running = await gateway()
    .legacy(servers.legacy)
    .config({
      node: { region: 'eu' },
      explainHeaders: true,
      rollout: {
        stickyKey: { cookie: 'sid' },
        regional: { steps: [{ region: 'eu', share: '50%' }] },
        canary: { match: [{ header: { 'x-canary': 'internal' }, from: ['127.0.0.1'] }] },
      },
      candidate: {
        upstreams: { one: { servers: [one.url] }, two: { servers: [two.url] }, odd: { servers: [odd.url] } },
        routes: [
          {
            name: 'beta',
            match: { path: '/x', headers: { 'x-version': '2' }, query: { beta: true } },
            upstream: 'odd',
          },
          {
            name: 'split',
            match: { path: '/x' },
            upstreams: [
              { name: 'one', weight: 1 },
              { name: 'two', weight: 1 },
            ],
          },
          { name: 'rest', upstream: 'odd' },
        ],
      },
    })
    .start();
}, 60_000);

afterAll(async () => {
  await running.stop();
  await Promise.all(Object.values(servers).map((each) => each.stop()));
});

type Field = readonly [name: string, value: string];

async function explained(target: string, fields: readonly Field[]): Promise<Explanation> {
  const flags = fields.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const words = ['routes', 'explain', 'GET', target, ...flags, '-H', 'host: shop', '--json'];
  const { exitCode, out, err } = await cli([...words, '-c', running.configFile]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  return explanationSchema.parse(JSON.parse(out));
}

/** Which lane and server answer, as the gateway did it. */
async function done(target: string, fields: readonly Field[]): Promise<[lane: string, server: string]> {
  const answer = await fetchOnce(`${running.url}${target}`, {
    headers: Object.fromEntries([['host', 'shop'], ...fields]),
  });
  return [headerOf(answer, 'x-cutover-lane') ?? '', answer.body.toString()];
}

/** Which lane and server would, as explain says it. */
function told({ lane, upstream: chosen }: Explanation): [lane: string, server: string] {
  const name = Object.entries(servers).find(
    ([, { url }]) => url === `http://${chosen?.servers[0] ?? ''}`,
  )?.[0];
  return [lane, name ?? 'nobody'];
}

async function agree(target: string, fields: readonly Field[]): Promise<string> {
  const said = told(await explained(target, fields));
  expect([target, fields, ...said]).toEqual([target, fields, ...(await done(target, fields))]);
  return said.join(' ');
}

async function move(to: string): Promise<void> {
  const words = ['advance', '--to', to, '--force', '--yes', '--reason', 'a test', '-c', running.configFile];
  expect(await cli(words)).toMatchObject({ exitCode: 0 });
  await until(async () => (await running.status()).snapshot.inEffect, 'every worker');
}

test('explain says of a running gateway what it does, phase by phase, user by user', TIMEOUT, async () => {
  const asked: readonly (readonly [target: string, fields: readonly Field[]])[] = [
    ['/x?beta=1', [['x-version', '2']]],
    ['/other', [['x-canary', 'internal']]],
  ];
  const everywhere = async () => {
    const seen = new Set<string>();
    for (const [target, fields] of asked) seen.add(await agree(target, fields));
    for (const user of USERS) seen.add(await agree('/x', [['cookie', `sid=${user}`]]));
    return [...seen].toSorted();
  };
  expect(await everywhere()).toEqual(['legacy legacy']);
  await move('canary');
  expect(await everywhere()).toEqual(['candidate odd', 'legacy legacy']);
  await move('regional');
  expect(await everywhere()).toEqual(['candidate odd', 'candidate one', 'candidate two', 'legacy legacy']);
  await move('enforce');
  expect(await everywhere()).toEqual(['candidate odd', 'candidate one', 'candidate two']);
  const { state, why, oneOf } = await explained('/x', []);
  expect(oneOf.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(state).toEqual({ source: 'gateway', phase: 'enforce', bypass: false, sameConfiguration: true });
  expect(why).toContain('everything in enforce');
});

test(
  'explain says that the gateway runs another configuration than the file, and that the kill switch is on',
  TIMEOUT,
  async () => {
    running.rewrite({ explainHeaders: false, rollout: { shadow: { sample: '33%' } } });
    expect((await explained('/x', [])).state).toMatchObject({ source: 'gateway', sameConfiguration: false });
    const { out } = await cli(['routes', 'explain', 'GET', '/x', '-c', running.configFile]);
    expect(out).toMatch(/another configuration/);
    expect(await cli(['bypass', '--yes', '-c', running.configFile])).toMatchObject({ exitCode: 0 });
    expect(await explained('/x', [])).toMatchObject({ lane: 'legacy', state: { bypass: true } });
  },
);
