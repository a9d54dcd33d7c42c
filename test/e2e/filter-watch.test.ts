import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { KeepAliveClient } from '../kit/http-client.ts';
import { until } from '../kit/until.ts';
import { guarded, written } from './kit/user-filters.ts';
import type { GuardedGateway } from './kit/user-filters.ts';

const STUCK = `
  import { defineFilter } from 'cutover';

  export default defineFilter({
    name: 'stuck',
    budgetMs: 5_000,
    async onRequest(request) {
      if (request.path === '/block') while (true);
      // What people write by mistake: an expression that tries every way to take a text apart.
      if (request.path === '/expression') /^(\\d+)+$/.exec('1'.repeat(60) + 'x');
      if (request.path === '/later') {
        await new Promise((done) => setTimeout(done, 10));
        while (true);
      }
      return { status: 200, body: String(process.pid) };
    },
  });
`;

/** One client on each of two workers, each with the number of its process. */
async function clients(running: GuardedGateway) {
  const byWorker = new Map<string, KeepAliveClient>();
  await until(async () => {
    const client = new KeepAliveClient(running.url);
    onTestFinished(() => client.close());
    const pid = (await client.request({ target: '/who' })).body.toString();
    if (!byWorker.has(pid)) byWorker.set(pid, client);
    return byWorker.size === 2;
  }, 'a client on each worker');
  const [stuck, other] = [...byWorker].map(([pid, client]) => ({ pid, client }));
  if (stuck === undefined || other === undefined) throw new Error('there are two');
  return { stuck, other };
}

async function stuckGateway(): Promise<GuardedGateway> {
  const { folder } = written({ 'stuck.ts': STUCK });
  const config = { workers: 2 };
  return await guarded({ stuck: { module: join(folder, 'stuck.ts') } }, config);
}

const BLOCKS = [
  ['/block', 'an endless loop'],
  ['/expression', 'an expression that never ends'],
] as const;
const TITLE = 'a filter that blocks its worker is named, and costs that worker only (%s, %s)';

test.each(BLOCKS)(TITLE, { timeout: 90_000 }, async (target) => {
  const running = await stuckGateway();
  const { stuck, other } = await clients(running);
  const cut = stuck.client.request({ target }, 30_000).then(
    () => 'answered',
    () => 'cut',
  );
  let served = 0;
  await until(
    async () => {
      served += (await other.client.request({ target: '/who' })).body.toString() === other.pid ? 1 : 0;
      return running.log().includes('blocked by filter stuck in onRequest');
    },
    'the filter to be named',
    30_000,
  );
  expect(await cut).toBe('cut');
  expect(served).toBeGreaterThan(1);
  await until(
    async () => (await running.status()).workers.every(({ state }) => state === 'serving'),
    'another worker to serve',
    20_000,
  );
  expect(running.pids().workers.map(String)).toContain(other.pid);
  expect(running.pids().workers.map(String)).not.toContain(stuck.pid);
});

test('a filter that blocks its worker after an await is suspected by name', { timeout: 90_000 }, async () => {
  const running = await stuckGateway();
  const { stuck } = await clients(running);
  const cut = stuck.client.request({ target: '/later' }, 60_000).catch(() => null);
  await until(
    () => running.log().includes('perhaps by filter stuck, after an await'),
    'the filter to be named',
    40_000,
  );
  expect(await cut).toBeNull();
});
