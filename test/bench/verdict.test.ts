import { expect, test } from 'vitest';
import { rowsOf, rowsWithout } from '../../bench/figures.ts';
import type { Row } from '../../bench/figures.ts';
import { benchReport } from '../../bench/report.ts';
import { targetTable, toggleTable } from '../../bench/table.ts';
import { targetResults, toggleTargets } from '../../bench/targets.ts';
import { isWithinNoise, toggleResult } from '../../bench/toggle-figures.ts';
import { verdictOf } from '../../bench/verdict.ts';
import type { SubjectName } from '../../bench/works.ts';
import type { WindowFigures } from '../../bench/window.ts';
import { sample, seen, toggleNamed, toggled, workNamed } from './samples.ts';

const SWITCHED = toggleNamed('shadow-toggle');

type Subjects = Partial<Record<SubjectName, Partial<WindowFigures>>>;

/** Rows of a work from one window each, in two rounds. */
function rows(work: string, subjects: Subjects): Row[] {
  const samples = Object.entries(subjects).flatMap(([name, figures]) =>
    [1, 2].map((round) => sample(work, name as SubjectName, round, figures)),
  );
  return rowsOf(workNamed(work), seen(...samples), 2);
}

function outcome(all: Row[], toggles: ReturnType<typeof toggleResult>[] = []) {
  const targets = [...targetResults(all), ...toggleTargets(toggles)];
  return { rows: all, toggles, overloads: [], targets, failures: [] };
}

/** The state of the first target whose words hold a text. */
function stateOf(all: Row[], words: string): string | undefined {
  return targetResults(all).find((one) => one.target.includes(words))?.state;
}

const rate = (requestsPerCpuSecond: number) => ({ requestsPerCpuSecond });

test('a ratio at its target is met and one below it is missed', () => {
  const plain = (own: number) => rows('plain-1k', { nginx: rate(1_000), cutover: rate(own) });
  expect(stateOf(plain(900), '0.90 × nginx')).toBe('met');
  expect(stateOf(plain(890), '0.90 × nginx')).toBe('missed');
});

test('the best of the Node proxies is the one that counts', () => {
  const all = rows('plain-1k', {
    nginx: rate(1_000),
    cutover: rate(900),
    httpxy: rate(100),
    undici: rate(310),
    fastify: rate(90),
  });
  const found = targetResults(all).find((one) => one.target.includes('best Node proxy'));
  expect(found).toMatchObject({ state: 'missed', note: 'the best is undici' });
  expect(found?.figure).toBeCloseTo(900 / 310);
  const some = rows('plain-1k', { nginx: rate(1_000), cutover: rate(900), httpxy: rate(100) });
  expect(stateOf(some, 'best Node proxy')).toBe('not measured');
});

test('memory and latency are held to their upper bounds', () => {
  const memory = (workerRssBytes: number) =>
    stateOf(rows('plain-1k', { cutover: { workerRssBytes } }), '120 MB');
  expect([memory(119e6), memory(121e6)]).toEqual(['met', 'missed']);
  const late = (p99Ms: number) =>
    stateOf(rows('rate-3000', { nginx: { p99Ms: 1 }, cutover: { p99Ms } }), 'above nginx');
  expect([late(1.5), late(1.6)]).toEqual(['met', 'missed']);
  const four = rows('four-workers', { 'cutover-4-workers': { pssBytes: 351e6 } });
  expect(stateOf(four, '350 MB')).toBe('missed');
});

test('a target whose row has no figures is neither met nor missed', () => {
  const cores = rowsOf(workNamed('two-workers'), seen(), 2);
  expect(targetResults(cores)[0]).toMatchObject({
    state: 'not measured',
    note: 'needs 4 cores, there are 2',
  });
  expect(stateOf(rows('plain-1k', { cutover: rate(900) }), '0.90 × nginx')).toBe('not measured');
  expect(targetTable(targetResults(cores))).toContain('not measured');
});

test('a missed target fails a run only when it asserts', () => {
  const missed = outcome(
    rows('plain-1k', { nginx: rate(1_000), cutover: rate(100), 'node:http': rate(200) }),
  );
  expect(verdictOf(missed, false).exitCode).toBe(0);
  expect(verdictOf(missed, true).exitCode).toBe(1);
  const good = rows('shadow-10', {
    nginx: { ...rate(1_000), copies: 0.1 },
    cutover: { ...rate(1_200), copies: 0.1 },
  });
  expect(verdictOf(outcome(good), true).exitCode).toBe(0);
});

test('errors, a crippled rival and copies that were not made leave a run void', () => {
  const voids = (all: Row[]) => verdictOf(outcome(all), false);
  expect(voids(rows('plain-20k', { nginx: {}, haproxy: { errors: 2 } })).exitCode).toBe(1);
  const crippled = voids(rows('plain-1k', { nginx: rate(299), 'node:http': rate(100) }));
  expect(crippled.exitCode).toBe(1);
  expect(crippled.lines.join()).toContain('nginx must be at least 3 × node:http');
  const uncopied = voids(rows('shadow-100', { nginx: { copies: 1 }, cutover: { copies: 0.2 } }));
  expect(uncopied.lines[0]).toBe('void: shadow-100 cutover made 0.20 copies a request, not 1');
});

test('a subject that failed leaves a run void and the others their figures', () => {
  const failures = [{ work: 'plain-1k', subject: 'haproxy', reason: 'gave up\nmore' }];
  const judged = verdictOf({ ...outcome(rows('plain-1k', { nginx: {} })), failures }, false);
  expect(judged).toEqual({ lines: ['void: plain-1k haproxy failed: gave up'], exitCode: 1 });
});

test('a hung candidate may get fewer copies than were asked for', () => {
  const hung = rows('shadow-10-hung', { nginx: { copies: 0.01 }, cutover: { copies: 0.01 } });
  expect(verdictOf(outcome(hung), false)).toEqual({ lines: [], exitCode: 0 });
});

test('on and off are alike when the interval holds one or ends near it', () => {
  const ratio = (low: number, high: number) => ({ value: (low + high) / 2, low, high, n: 20 });
  expect(isWithinNoise('p99', ratio(0.9, 1.2), 0.05)).toBe(true);
  expect(isWithinNoise('p99', ratio(1.01, 1.04), 0.05)).toBe(true);
  expect(isWithinNoise('p99', ratio(1.01, 1.06), 0.05)).toBe(false);
  expect(isWithinNoise('p99', ratio(0.5, 0.6), 0.05)).toBe(true);
  expect(isWithinNoise('throughput', ratio(0.96, 0.99), 0.05)).toBe(true);
  expect(isWithinNoise('throughput', ratio(0.9, 0.99), 0.05)).toBe(false);
  expect(isWithinNoise('p99', { value: 1, low: null, high: null, n: 1 }, 0.05)).toBeNull();
});

test('windows of one turn are compared and a dropped one takes its turn out', () => {
  const samples = Array.from({ length: 20 }, (_, turn) => [
    toggled(turn, 'off', { requestsPerSecond: 1_000 + turn, p99Ms: 2 + turn / 100 }),
    toggled(turn, 'on', { requestsPerSecond: 990 + turn, p99Ms: 2 + turn / 90 }),
    toggled(turn, 'hung', { requestsPerSecond: 500, dropped: turn === 3 }),
  ]).flat();
  const result = toggleResult(SWITCHED, 'cutover', samples);
  expect(result).toMatchObject({ turns: 20, windows: 59, dropped: 1 });
  const found = (metric: string, state: string) =>
    result.ratios.find((one) => one.metric === metric && one.state === state);
  expect(found('throughput', 'on')).toMatchObject({ passed: true });
  expect(found('throughput', 'hung')).toMatchObject({ passed: false });
  expect(found('throughput', 'hung')?.ratio?.n).toBe(19);
  const targets = toggleTargets([result]);
  expect(targets.map(({ state }) => state)).toEqual(['met', 'met', 'not measured', 'not measured']);
  expect(toggleTable([result])).toMatch(/shadow-toggle +cutover +hung +500/);
});

test('a flood of forged tokens that was too small proves nothing, and one that clients felt is a miss', () => {
  const work = toggleNamed('jwt-flood');
  const turns = (p99Ms: number, flooded: number) =>
    Array.from({ length: 20 }, (_, turn) => [
      toggled(turn, 'users', { p99Ms: 2 + turn / 1_000, copies: 0 }),
      toggled(turn, 'forged', { p99Ms: p99Ms + turn / 900, copies: 0, flooded }),
    ]).flat();
  const targetOf = (p99Ms: number, flooded: number) =>
    toggleTargets([toggleResult(work, 'cutover', turns(p99Ms, flooded))])[0];
  expect(targetOf(2.2, 9_900)).toMatchObject({ state: 'met' });
  expect(targetOf(2.8, 9_900)).toMatchObject({ state: 'missed' });
  expect(targetOf(2.2, 8_000)).toMatchObject({
    state: 'not measured',
    note: '8000 of 10000 forged tokens a second were answered',
  });
  const result = toggleResult(work, 'cutover', turns(2.2, 9_900));
  expect(verdictOf(outcome([], [result]), false)).toMatchObject({ lines: [], exitCode: 0 });
});

test('a shadow that was switched on and made no copies proves nothing', () => {
  const result = toggleResult(SWITCHED, 'cutover', [toggled(0, 'off'), toggled(0, 'on', { copies: 0 })]);
  expect(verdictOf(outcome([], [result]), false).lines).toEqual([
    'void: cutover made no copies while its shadow was on',
  ]);
});

test('the report keeps every row and its schema agrees', () => {
  const all = [
    ...rows('plain-1k', { nginx: rate(1_000), cutover: rate(900) }),
    ...rowsWithout(workNamed('tls-1k'), 'openssl is not on PATH'),
  ];
  const toggles = [
    toggleResult(SWITCHED, 'cutover', [toggled(0, 'off'), toggled(0, 'on')]),
    toggleResult(SWITCHED, 'nginx', []),
  ];
  const report = benchReport(outcome(all, toggles));
  expect(report.rows).toHaveLength(all.length);
  expect(report.rows.find((row) => row.subject === 'cutover')).toMatchObject({
    reqPerCpuSec: expect.closeTo(900) as number,
    ratioToNginx: expect.closeTo(0.9) as number,
    p999Ms: 3,
    workerRssMb: 50,
    processes: 2,
    reason: null,
  });
  expect(report.rows.at(-1)).toMatchObject({ reqPerCpuSec: null, reason: 'openssl is not on PATH' });
  expect(report.toggles.map((one) => one.reason)).toEqual([null, 'no window was taken']);
});
