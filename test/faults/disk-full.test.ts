import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway, Settings } from '../kit/gateway.ts';
import { loadInBackground } from '../kit/load.ts';
import { MOUNTS, mountSmall } from '../kit/mount.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

async function start(settings: Settings): Promise<RunningGateway> {
  const [legacy, candidate] = [await upstream().start(), await upstream().start()];
  const running = await gateway().legacy(legacy).candidate(candidate).config(settings).start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), candidate.stop()]);
  });
  return running;
}

/** A small file system of its own. */
function smallDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-full-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mountSmall(folder, '2m');
  return folder;
}

/** The kernel may take a part of what does not fit. */
const NO_ROOM = /access log \S+: (?:ENOSPC|a write was cut short)/;

const usual = (url: string) => ({ url, clients: 4, ratePerSecond: 100 });

test('no request fails while the access log has no room', async () => {
  // Every write to it ends with ENOSPC, and opening it does not.
  const running = await start({ accessLog: { file: '/dev/full' } });
  const load = loadInBackground(usual(running.url));
  await until(() => NO_ROOM.test(running.log()), 'the complaint');
  await until(async () => (await running.status()).lanes.legacy.requests > 200, 'traffic');
  const { errors, statuses } = await load.stop();
  expect(errors.map(String)).toEqual([]);
  expect(Object.keys(statuses)).toEqual(['200']);
  const metrics = (await running.admin('/metrics')).body.toString();
  expect(Number(/^cutover_access_log_dropped_total\S* (\d+)$/m.exec(metrics)?.[1] ?? 0)).toBeGreaterThan(0);
  expect(running.log().match(/access log \S+: /g)).toHaveLength(1);
}, 90_000);

test.skipIf(!MOUNTS)(
  'no request fails while log and store share a full disk, and both go on when there is room',
  async () => {
    const folder = smallDisk();
    const log = join(folder, 'access.log');
    const running = await start({
      accessLog: { file: log },
      store: { sqlite: join(folder, 'cutover.db') },
      rollout: { window: '1s' },
    });
    const load = loadInBackground(usual(running.url));
    const filler = join(folder, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
    const mode = async (): Promise<string> => (await running.status()).store.mode;
    await until(() => NO_ROOM.test(running.log()), 'the log to be full', 30_000);
    await until(async () => (await mode()) !== 'live', 'the store to be missed', 30_000);
    rmSync(filler);
    await until(async () => (await mode()) === 'live', 'the store to be back', 30_000);
    const before = readFileSync(log, 'utf8').length;
    await until(() => readFileSync(log, 'utf8').length > before, 'the log to go on');
    const { errors, statuses } = await load.stop();
    expect(errors.map(String)).toEqual([]);
    expect(Object.keys(statuses)).toEqual(['200']);
    for (const line of readFileSync(log, 'utf8').split('\n').slice(-5, -1)) JSON.parse(line);
  },
  120_000,
);
