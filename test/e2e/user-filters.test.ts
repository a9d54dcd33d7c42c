import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timed } from '../kit/http-client.ts';
import { readMetrics, sumOf } from '../kit/prometheus.ts';
import { until } from '../kit/until.ts';
import { ask as plainly, callsOf, guarded, written } from './kit/user-filters.ts';
import type { GuardedGateway } from './kit/user-filters.ts';

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

const ask = (running: GuardedGateway, target: string, request: object = ADA) =>
  plainly(running, target, request);

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
  const outcome = (name: string) => callsOf(running, 'door', name);
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

test(
  'a filter and what it imports change while traffic flows, and a broken one is refused with its place',
  { timeout: 90_000 },
  async () => {
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
  },
);

test('a way back to legacy waits for no filter that loads slowly', { timeout: 90_000 }, async () => {
  const { folder, write } = written({ 'door.ts': DOOR, 'plans.ts': PLANS });
  const running = await guarded({ door: { module: join(folder, 'door.ts') } });
  const kind = async () => (await ask(running, '/')).text.slice(0, 9).trim();
  const bypass = (on: boolean) =>
    timed(() => running.admin('/v1/bypass', { method: 'POST', body: { on, who: 'test', reason: 'a test' } }));
  expect(await kind()).toBe('candidate');
  const wait = 'await new Promise((done) => setTimeout(done, 3_500));';
  write('door.ts', DOOR.replace('export default', `${wait} export default`));
  const reloading = running.cli(['reload']);
  // While it is checked: that takes longer than this.
  await new Promise((done) => setTimeout(done, 1_000));
  const first = await bypass(true);
  expect([first.value.status, await kind()]).toEqual([200, 'legacy']);
  expect(first.tookMs).toBeLessThan(2_000);
  expect((await bypass(false)).value.status).toBe(200);
  // While the workers load it.
  await until(async () => !(await running.status()).snapshot.inEffect, 'the new snapshot', 20_000);
  const workers = running.pids().workers;
  void bypass(true);
  await until(async () => (await kind()) === 'legacy', 'the way back', 2_000);
  expect((await running.status()).snapshot.inEffect).toBe(false);
  await reloading;
  await until(async () => (await running.status()).snapshot.inEffect, 'the new filter', 20_000);
  expect(running.pids().workers).toEqual(workers);
});

const GEO = `
  import { defineFilter, OptionError } from 'cutover';

  let loads = 0;
  loads += 1;
  export default defineFilter({
    name: 'geo',
    parse({ plan }): { plan: string; times: number } {
      if (typeof plan !== 'string') throw new OptionError('plan', 'expected a word');
      return { plan, times: loads };
    },
    onRequest: ({ options, headers }) => headers.set('X-Plan', options.plan + options.times),
  });
`;

test(
  'a changed option takes effect by a reload, a refused one changes nothing',
  { timeout: 90_000 },
  async () => {
    const { folder } = written({ 'geo.ts': GEO });
    const module = join(folder, 'geo.ts');
    const running = await guarded({ geo: { module, options: { plan: 'gold' } } });
    const text = async () => (await ask(running, '/')).text;
    expect(await text()).toBe('candidate gold1');
    running.rewrite({ filters: { geo: { module, options: { plan: 'silver' } } } });
    expect((await running.cli(['reload'])).code).toBe(0);
    await until(async () => (await text()) === 'candidate silver1', 'the new option');
    expect((await running.cli(['history'])).stdout).toContain('filters.geo.options.plan');
    running.rewrite({ filters: { geo: { module, options: { plan: 7 } } } });
    const refused = await running.cli(['reload']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /the filter refuses its options: expected a word\n +--> \S+cutover.yaml:\d+:\d+/,
    );
    expect(await text()).toBe('candidate silver1');
  },
);
