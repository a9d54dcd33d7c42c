import { afterEach, expect, test } from 'vitest';
import { cutover, gateway, merge } from './gateway.ts';
import type { RunningGateway } from './gateway.ts';
import { fetchOnce } from './http-client.ts';
import { until } from './until.ts';
import { upstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

const running: (Upstream | RunningGateway)[] = [];

afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop();
});

async function start(): Promise<RunningGateway> {
  const legacy = await upstream().json({ by: 'legacy' }).start();
  running.push(legacy);
  const candidate = await upstream().json({ by: 'candidate' }).start();
  running.push(candidate);
  const cut = await gateway().legacy(legacy).candidate(candidate).config({ workers: 2 }).start();
  running.push(cut);
  return cut;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('merges objects and replaces lists', () => {
  expect(merge({ a: { b: 1, c: [1] }, d: 1 }, { a: { c: [2] }, e: 2 })).toEqual({
    a: { b: 1, c: [2] },
    d: 1,
    e: 2,
  });
});

test('starts the real product, speaks to it and leaves no process behind', async () => {
  const cut = await start();
  expect((await fetchOnce(`${cut.url}/x`)).body.toString()).toBe('{"by":"legacy"}');
  expect((await cut.status()).rollout.phase).toBe('shadow');
  const status = await cut.cli(['status', '--json']);
  expect([status.code, status.stderr]).toEqual([0, '']);
  expect(JSON.parse(status.stdout)).toMatchObject({ product: 'cutover', workers: [{}, {}] });
  const { supervisor, workers } = cut.pids();
  expect(workers.length).toBe(2);
  await cut.stop();
  expect([supervisor, ...workers].filter(isAlive)).toEqual([]);
});

test('kills supervisor and workers at once when told to', async () => {
  const cut = await start();
  const { supervisor, workers } = cut.pids();
  cut.killAll();
  await until(() => [supervisor, ...workers].every((pid) => !isAlive(pid)), 'all of them to be gone');
  await expect(fetchOnce(cut.url)).rejects.toThrow('ECONNREFUSED');
});

test('a gateway that does not come up fails with what it printed', async () => {
  const broken = gateway()
    .legacy('http://127.0.0.1:1')
    .candidate('http://127.0.0.1:2')
    .config({ nonsense: true });
  await expect(broken.start()).rejects.toThrow('nonsense');
});

test('runs a verb to its exit code', async () => {
  const { code, stdout } = await cutover(['help', 'exit-codes']);
  expect(code).toBe(0);
  expect(stdout).toContain('unreachable');
});
