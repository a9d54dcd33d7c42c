import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { benchSchema } from '../../src/report/bench-schema.ts';
import { processTree } from '../../bench/cpu.ts';
import { costsOf } from '../../bench/profile-costs.ts';
import type { CpuProfile } from '../../bench/profile-costs.ts';
import { nginxOrSkip } from '../kit/nginx.ts';
import { startChild, temporaryFolder } from '../kit/process.ts';
import type { Child } from '../kit/process.ts';
import { until } from '../kit/until.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const SHORT = ['--rounds', '1', '--windows', '1', '--seconds', '0.3', '--max-disturbance', '64'];
const canRun = process.platform === 'linux' && nginxOrSkip();

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0)) await end();
});

async function bench(...args: string[]): Promise<{ child: Child; out: string }> {
  const folder = temporaryFolder('cutover-bench-test');
  const out = join(folder.path, 'bench.json');
  const child = await startChild(process.execPath, [MAIN, ...SHORT, '--out', out, ...args]);
  cleanUp.push(async () => {
    await child.stop();
    folder.remove();
  });
  return { child, out };
}

test.skipIf(!canRun)(
  'a short window of real processes ends in a table and a report of its schema',
  { timeout: 120_000 },
  async () => {
    const { child, out } = await bench('--work', 'plain-1k', '--subject', 'cutover');
    const code = await child.exited;
    expect([code, child.stderr()]).toEqual([0, expect.stringContaining('this will take about 1 minute')]);
    expect(child.stdout()).toMatch(/plain-1k +cutover +\d+/);
    const report = benchSchema.parse(JSON.parse(readFileSync(out, 'utf8')));
    expect(report.rows.map((row) => [row.subject, row.windows, row.errors])).toEqual([
      ['nginx', 1, 0],
      ['cutover', 1, 0],
    ]);
    const [, own] = report.rows;
    expect(own?.reqPerCpuSec).toBeGreaterThan(0);
    expect(own?.ratioToNginx).toBeGreaterThan(0);
    expect(own?.workerRssMb).toBeGreaterThan(1);
  },
);

test.skipIf(!canRun)(
  'the shadow of one running process is switched and its copies follow',
  // Windows of a second beside other tests on two cores: one of them may be disturbed, and the bench says so by its exit code.
  { timeout: 240_000, retry: 2 },
  async () => {
    const { child, out } = await bench('--work', 'shadow-toggle', '--turns', '1');
    expect([await child.exited, child.stdout()]).toEqual([0, expect.stringContaining('shadow-toggle')]);
    const { toggles } = benchSchema.parse(JSON.parse(readFileSync(out, 'utf8')));
    expect(toggles.map((one) => [one.subject, one.errors])).toEqual([
      ['cutover', 0],
      ['nginx', 0],
    ]);
    const [off, on, hung] = (toggles[0]?.states ?? []).map((one) => one.copies ?? Number.NaN);
    expect(off).toBeLessThan(0.05);
    expect(on).toBeGreaterThan(0.05);
    expect(hung).toBeGreaterThan(0);
  },
);

test.skipIf(!canRun)(
  'a profile of the worker names functions of the product under load',
  { timeout: 120_000 },
  async () => {
    const { child, out } = await bench('--profile', 'shadow-10');
    expect([await child.exited, child.stderr()]).toEqual([0, '']);
    const file = join(dirname(out), 'profile-shadow-10.cpuprofile');
    const costs = costsOf(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile);
    expect(costs.busyUs).toBeGreaterThan(0);
    expect(costs.rooms.map((room) => room.name)).toEqual(
      expect.arrayContaining(['wire', 'gateway', 'shadow']),
    );
    expect(child.stdout()).toMatch(/ µs +\w+ src\/wire\/[\w-]+\.ts:\d+/);
  },
);

test.skipIf(!canRun)(
  'an interrupt ends every process of the bench and leaves with 130',
  { timeout: 120_000 },
  async () => {
    const { child } = await bench('--work', 'plain-1k', '--subject', 'cutover', '--seconds', '60');
    // The server, nginx as a subject with its worker, and the first load.
    await until(() => processTree(child.pid).length > 4, 'the bench to load a subject', 30_000);
    const tree = processTree(child.pid);
    child.signal('SIGINT');
    expect(await child.exited).toBe(130);
    await until(() => tree.every((pid) => !isAlive(pid)), 'its processes to be gone');
  },
);

function isAlive(pid: number): boolean {
  try {
    // A process that nobody has waited for is dead all the same.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
