import { expect, onTestFinished, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { operate } from '../kit/operator.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';

/** A third each of exact paths, templates and prefixes, and one for the rest. */
function routes(count: number): object[] {
  const made = Array.from({ length: count - 1 }, (_, index) => {
    const name = `r${index}`;
    if (index % 3 === 0) return { name, match: { path: { exact: `/exact-${index}` } }, upstream: 'even' };
    if (index % 3 === 1) return { name, match: { path: { template: `/t-${index}/{id}` } }, upstream: 'odd' };
    return { name, match: { path: `/below-${index}/`, methods: ['GET'] }, upstream: 'even' };
  });
  return [...made, { name: 'rest', upstream: 'odd' }];
}

const PAUSE_MS = 50;

/** The longest answer of the admin API until something is done. */
async function slowestStatus(running: RunningGateway, done: Promise<unknown>): Promise<number> {
  let slowest = 0;
  const over = done.then(() => true);
  const pause = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), PAUSE_MS));
  do {
    const askedMs = performance.now();
    await running.status();
    slowest = Math.max(slowest, performance.now() - askedMs);
  } while (!(await Promise.race([over, pause()])));
  return slowest;
}

async function saying(name: string): Promise<Upstream> {
  const started = await upstream()
    .respond(() => ({ body: name }))
    .start();
  onTestFinished(() => started.stop());
  return started;
}

test(
  'a gateway of as many routes as there may be starts, finds each of them and takes a change',
  { timeout: 180_000 },
  async ({ annotate }) => {
    const [legacy, even, odd] = [await saying('legacy'), await saying('even'), await saying('odd')];
    const upstreams = { even: { servers: [even.url] }, odd: { servers: [odd.url] } };
    const candidate = { upstreams, routes: routes(LIMITS.configRoutes) };
    const running = await gateway().legacy(legacy).config({ workers: 1, candidate }).start();
    onTestFinished(() => running.stop());
    const advance = { reason: 'a test', force: true, to: { phase: 'enforce' } };
    await operate(running, 'advance', advance);
    await until(async () => (await running.status()).snapshot.inEffect, 'the worker');
    const said = async (path: string) => (await fetchOnce(`${running.url}${path}`)).body.toString();
    expect(await said('/exact-9996')).toBe('even');
    expect(await said('/exact-9996/x')).toBe('odd');
    expect(await said('/t-9997/7')).toBe('odd');
    expect(await said('/below-9998/x')).toBe('even');
    running.rewrite({ candidate: { upstreams, routes: routes(LIMITS.configRoutes - 3) } });
    const startedMs = performance.now();
    const reloaded = operate(running, 'reload', {});
    const slowestMs = await slowestStatus(running, reloaded);
    const tookMs = performance.now() - startedMs;
    expect(await said('/exact-9996')).toBe('odd');
    // The supervisor hears others while it reads: the whole reading is longer than any pause.
    expect(slowestMs).toBeLessThan(tookMs);
    await annotate(
      `reload to in effect ${tookMs.toFixed(0)} ms, slowest status meanwhile ${slowestMs.toFixed(0)} ms`,
    );
  },
);
