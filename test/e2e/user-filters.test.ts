import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { headerOf } from '../kit/answer-reader.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway, Settings } from '../kit/gateway.ts';
import { fetchOnce, timed } from '../kit/http-client.ts';
import { temporaryFolder } from '../kit/process.ts';
import { readMetrics, sumOf } from '../kit/prometheus.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** Files by their name, in a folder that goes with the test. */
function written(files: Readonly<Record<string, string>>): {
  folder: string;
  write: (name: string, text: string) => void;
} {
  const { path: folder, remove } = temporaryFolder('cutover-filters');
  onTestFinished(remove);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { folder, write };
}

/** A gateway whose candidate answers everything, with filters of a user on its one route. */
async function guarded(
  filters: Settings,
  config: Settings = {},
): Promise<RunningGateway & { seen: () => number }> {
  const legacy = await upstream().status(200, 'legacy').start();
  const shop = await upstream()
    .respond(({ header }) => ({ body: `candidate ${header('x-plan') ?? ''}` }))
    .start();
  const running = await gateway()
    .legacy(legacy)
    .config({
      candidate: {
        upstreams: { shop: { servers: [shop.url] } },
        routes: [{ name: 'all', upstream: 'shop', filters: Object.keys(filters) }],
      },
      filters,
      // The candidate answers whoever asks.
      rollout: { canary: { match: [{ from: '127.0.0.0/8' }] } },
      ...config,
    })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), shop.stop()]);
  });
  const moved = await running.cli(['advance', '--to', 'canary', '--force', '--reason', 'a test', '--yes']);
  if (moved.code !== 0) throw new Error(moved.stderr);
  return { ...running, seen: () => shop.count() };
}

const DOOR = `
  import { defineFilter } from 'cutover';
  import { plans } from './plans.ts';

  export default defineFilter({
    name: 'door',
    budgetMs: 150,
    async onRequest(request) {
      if (request.path === '/throw') throw new Error('a defect of the user');
      if (request.path === '/hang') await new Promise(() => {});
      if (request.path === '/odd') return { status: 99 };
      if (request.path === '/smuggle') request.headers.set('Content-Length', '0');
      const plan: string | undefined = plans[request.headers.get('authorization') ?? ''];
      if (plan === undefined) return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: 'who?' };
      request.headers.set('X-Plan', plan);
    },
  });
`;
const PLANS = `export const plans: Record<string, string> = { 'Bearer ada': 'gold' };`;
const ADA = { headers: { Authorization: 'Bearer ada' } };

async function ask(running: RunningGateway, target: string, request: object = ADA) {
  const answer = await fetchOnce(running.url, { target, ...request });
  const text = answer.body.toString();
  return { status: answer.status, text, error: headerOf(answer, 'x-cutover-error') };
}

test('a filter of a user lets pass, answers, and whatever it does wrong is counted and refused in time', async () => {
  const { folder } = written({ 'door.ts': DOOR, 'plans.ts': PLANS });
  const running = await guarded({ door: { module: join(folder, 'door.ts') } });
  expect(await ask(running, '/')).toMatchObject({ status: 200, text: 'candidate gold' });
  expect(await ask(running, '/', {})).toMatchObject({ status: 401, text: 'who?' });
  const hanging = timed(() => ask(running, '/hang'));
  // A promise that hangs holds its own request and no other one.
  expect((await timed(() => ask(running, '/'))).value.status).toBe(200);
  const { value: late, tookMs } = await hanging;
  expect(late).toMatchObject({ status: 503, error: 'filter_timeout' });
  expect(tookMs).toBeGreaterThanOrEqual(145);
  for (const target of ['/throw', '/odd', '/smuggle'])
    expect(await ask(running, target)).toMatchObject({ status: 503, error: 'filter_failed' });
  expect(running.seen()).toBe(2);
  const outcome = async (name: string) =>
    sumOf(readMetrics((await running.admin('/metrics')).body.toString()), 'cutover_filter_calls_total', {
      filter: 'door',
      outcome: name,
    });
  await until(async () => (await outcome('late')) === 1, 'the counts to arrive');
  expect(await Promise.all(['passed', 'answered', 'threw', 'invalid'].map(outcome))).toEqual([2, 1, 2, 1]);
  expect(running.log()).toContain('filter door onRequest: a defect of the user');
});

test('a filter that may fail open lets pass what it fails on, also where the configuration says so', async () => {
  const { folder } = written({ 'door.ts': DOOR, 'plans.ts': PLANS });
  const running = await guarded({
    door: { module: join(folder, 'door.ts'), failure: 'open', budget: '50ms' },
  });
  const { value, tookMs } = await timed(() => ask(running, '/hang'));
  expect(value).toMatchObject({ status: 200, text: 'candidate ' });
  expect(tookMs).toBeGreaterThanOrEqual(45);
  for (const target of ['/throw', '/odd', '/smuggle'])
    expect(await ask(running, target)).toMatchObject({ status: 200, text: 'candidate ' });
});

test('a filter before both lanes that fails is nobody’s fault but its own', async () => {
  const { folder } = written({ 'door.ts': DOOR, 'plans.ts': PLANS });
  const running = await guarded({ door: { module: join(folder, 'door.ts'), enforceAt: 'edge' } });
  expect(await ask(running, '/throw')).toMatchObject({ status: 503, error: 'edge_filter_failed' });
  expect(await ask(running, '/hang')).toMatchObject({ status: 503, error: 'edge_filter_timeout' });
  const families = await until(async () => {
    const now = readMetrics((await running.admin('/metrics')).body.toString());
    return sumOf(now, 'cutover_edge_answers_total') === 2 ? now : null;
  }, 'both answers to be counted');
  expect(sumOf(families, 'cutover_edge_answers_total', { reason: 'edge_filter_timeout' })).toBe(1);
  expect(sumOf(families, 'cutover_requests_bad_total')).toBe(0);
});

test('a filter and what it imports change while traffic flows, and a broken one is refused with its place', async () => {
  const { folder, write } = written({ 'door.ts': DOOR, 'plans.ts': PLANS });
  const running = await guarded({ door: { module: join(folder, 'door.ts') } });
  const workers = running.pids().workers;
  write('plans.ts', PLANS.replace('gold', 'silver'));
  expect((await running.cli(['reload'])).code).toBe(0);
  await until(async () => (await ask(running, '/')).text === 'candidate silver', 'the new plan');
  write('door.ts', DOOR.replace('async onRequest', 'sync onRequest'));
  const refused = await running.cli(['reload']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('door.ts:8:');
  expect(await ask(running, '/')).toMatchObject({ text: 'candidate silver' });
  expect(running.pids().workers).toEqual(workers);
  // A worker that starts now runs what is in force, not what lies on the disk.
  process.kill(workers[0] as number, 'SIGKILL');
  await until(() => {
    const now = running.pids().workers;
    return now.length === 1 && now[0] !== workers[0];
  }, 'another worker');
  await until(
    async () => (await ask(running, '/').catch(() => null))?.text === 'candidate silver',
    'it to serve',
  );
});
