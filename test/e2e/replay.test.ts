import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { replayReportSchema } from '../../src/report/replay-schema.ts';
import type { ReplayReport } from '../../src/report/replay-schema.ts';
import { startChild } from '../kit/process.ts';
import type { Child } from '../kit/process.ts';
import { site } from '../kit/services.ts';
import { REPOSITORY, sharedData } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';
import type { Upstream } from '../kit/upstream.ts';
import { expectExact, scratch, started } from '../replay/engine-kit.ts';
import { get, gorText, logText } from '../replay/kit.ts';

const CUTOVER = join(REPOSITORY, 'bin/cutover.js');

/** The real program. */
async function cutover(folder: string, words: readonly string[]): Promise<Child> {
  const child = await startChild(process.execPath, [CUTOVER, ...words], { cwd: folder });
  onTestFinished(() => child.stop());
  return child;
}

function read(file: string): ReplayReport {
  const report = replayReportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expectExact(report.counts);
  return report;
}

function lanesOf(legacy: Upstream, candidate: Upstream): string[] {
  return ['--legacy', legacy.url, '--candidate', candidate.url, '--speed', 'max'];
}

test('a real capture goes through two services, and a change of one of them stops the build', async () => {
  const shared = sharedData('traffic/isucon5.gor');
  const made = gorText(Array.from({ length: 974 }, (_, at) => get(`/api/items/${at}`)));
  const file = shared ?? scratch('made.gor', made);
  const folder = dirname(scratch('x', ''));
  const [legacy, same] = [await started(site()), await started(site())];
  const other = await started(site().lies({ status: 404, every: 50 }));
  const base = ['replay', file, '--seed', '7'];
  const first = await cutover(folder, [...base, ...lanesOf(legacy, same), '-o', 'main.json']);
  expect([await first.exited, first.stdout()]).toEqual([0, '']);
  const main = read(join(folder, 'main.json'));
  expect(main.counts).toMatchObject({ sent: 974, judged: 974, differing: 0 });
  const second = await cutover(folder, [...base, ...lanesOf(legacy, other), '-o', 'branch.json']);
  expect(await second.exited).toBe(0);
  const judge = [
    'gate',
    '--report',
    'branch.json',
    '--baseline',
    'main.json',
    '--fail-on',
    'new-class,status,rate>0.1%',
  ];
  const gate = await cutover(folder, judge);
  expect([await gate.exited, gate.stdout()]).toEqual([
    3,
    expect.stringContaining('ABORT  hit: new-class, status, rate>0.1%'),
  ]);
}, 120_000);

test('an interrupt leaves a report that is valid and a file to go on from', async () => {
  const requests = Array.from({ length: 600 }, (_, at) =>
    get(`/api/items/${at}`, [['Cookie', `sid=${at % 11}`]]),
  );
  const file = scratch('a.gor', gorText(requests));
  const folder = dirname(file);
  const [legacy, candidate] = [await started(site().slow(10)), await started(site())];
  const words = ['replay', file, ...lanesOf(legacy, candidate), '--concurrency', '4', '-o', 'report.json'];
  const first = await cutover(folder, words);
  await until(() => candidate.count() > 50, 'some requests', 60_000);
  first.signal('SIGINT');
  expect(await first.exited).toBe(130);
  expect(first.stderr()).toContain('repeat the command with --resume report.json.resume');
  const partial = read(join(folder, 'report.json'));
  expect([partial.complete, partial.counts.sent > 0, partial.counts.sent < 600]).toEqual([false, true, true]);
  const second = await cutover(folder, [...words, '--resume', 'report.json.resume']);
  expect(await second.exited).toBe(0);
  expect(read(join(folder, 'report.json'))).toMatchObject({
    complete: true,
    counts: { sent: 600, judged: 600, differing: 0 },
  });
  expect(candidate.count()).toBe(600);
}, 120_000);

test('a replay of a large log holds little of it, whatever its lanes do', async () => {
  const lines = logText(Array.from({ length: 150_000 }, (_, at) => get(`/static/${at}?${'q'.repeat(200)}`)));
  const file = scratch('large.log', lines);
  const folder = dirname(file);
  const [legacy, candidate] = [await started(site().hangs()), await started(site())];
  const flags = ['--timeout', '60s', '-o', 'report.json', '--concurrency', '256'];
  const child = await cutover(folder, ['replay', file, ...lanesOf(legacy, candidate), ...flags]);
  await until(() => candidate.count() >= 200, 'the lanes to be full', 60_000);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  expect(rssMb).toBeGreaterThan(0);
  expect(rssMb).toBeLessThan(300);
  // The lanes hold 256 requests, and 2,048 are read ahead: nothing else of 40 MB was taken.
  child.signal('SIGINT');
  expect(await child.exited).toBe(130);
  const { counts } = read(join(folder, 'report.json'));
  expect(counts.read).toBeLessThan(3_000);
  expect(existsSync(join(folder, 'report.json.resume'))).toBe(true);
}, 120_000);
