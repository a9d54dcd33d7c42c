import { expect, test } from 'vitest';
import { processTree, usage } from '../../bench/cpu.ts';
import { nginxLead, rowsOf, rowsWithout } from '../../bench/figures.ts';
import { parseFigures } from '../../bench/load.ts';
import { estimate, median } from '../../bench/statistics.ts';
import { table } from '../../bench/table.ts';
import { sample, seen, workNamed } from './samples.ts';

const plain = workNamed('plain-1k');

test('reads the line of figures that both load tools print', () => {
  const line = '{"requests":93511,"seconds":3.01,"p50Ms":0.812,"p99Ms":1240,"p999Ms":1300.5,"errors":7}';
  const figures = { requests: 93_511, seconds: 3.01, p50Ms: 0.812, p99Ms: 1_240, p999Ms: 1_300.5, errors: 7 };
  expect(parseFigures(`Running 3s test @ http://127.0.0.1:1/\nfigures ${line}\n`)).toEqual(figures);
  expect(() => parseFigures('unable to connect')).toThrow('no figures');
  expect(() => parseFigures(`figures ${line.replace('0.812', 'null')}`)).toThrow('no p50Ms');
});

test('an interval covers the median and is honest about few values', () => {
  expect(median([3, 1, 2, 10])).toBe(2.5);
  expect(estimate([])).toBeNull();
  expect(estimate([2])).toEqual({ value: 2, low: null, high: null, n: 1 });
  const three = estimate([0.8, 0.9, 1]);
  expect(three?.value).toBeCloseTo(0.9);
  expect(three?.low).toBeLessThan(0.7);
  expect(three?.high).toBeGreaterThan(1.1);
  expect(estimate([1, 1, 1, Number.NaN, 0])?.n).toBe(3);
});

test('one outlier moves neither the median nor the interval away from it', () => {
  const values = [...Array.from({ length: 30 }, () => 1), 50];
  const found = estimate(values);
  expect(found?.value).toBeCloseTo(1);
  expect(found?.low).toBeLessThanOrEqual(1);
});

test('a ratio compares within one round and leaves disturbed windows out', () => {
  const rate = (requestsPerCpuSecond: number, disturbance = 0) => ({ requestsPerCpuSecond, disturbance });
  const samples = [
    sample('plain-1k', 'nginx', 1, rate(100)),
    sample('plain-1k', 'cutover', 1, rate(90)),
    sample('plain-1k', 'nginx', 2, rate(50)),
    sample('plain-1k', 'cutover', 2, rate(45)),
    sample('plain-1k', 'cutover', 2, rate(1, 0.9)),
  ];
  const row = rowsOf(plain, seen(...samples), 2).find(({ subject }) => subject === 'cutover');
  expect(row?.ratio?.value).toBeCloseTo(0.9);
  expect([row?.windows, row?.dropped, row?.processes]).toEqual([2, 1, 2]);
});

test('a row of disturbed windows alone has no figures but its count of them', () => {
  const samples = [1, 2, 3].map((round) => sample('plain-1k', 'cutover', round, { disturbance: 1 }));
  const row = rowsOf(plain, seen(...samples), 2).find(({ subject }) => subject === 'cutover');
  expect(row).toMatchObject({ status: 'not measurable', dropped: 3, windows: 0, ratio: null });
  expect(table([row ?? rowsWithout(plain, '')[0]].filter((one) => one !== undefined))).toContain(
    'not measurable: every window was disturbed by others (3 dropped)',
  );
});

test('a row that needs more cores than there are says that it is not measurable', () => {
  const rows = rowsOf(workNamed('two-workers'), seen(), 2);
  expect(rows.map((row) => row.status)).toEqual(['not measurable', 'not measurable']);
  expect(table(rows)).toContain('not measurable: needs 4 cores, there are 2');
});

test('a subject that is not installed keeps its row with the reason', () => {
  const reason = 'haproxy is not on PATH';
  const measured = {
    ...seen(sample('plain-1k', 'nginx', 1)),
    absences: [{ work: 'plain-1k', subject: 'haproxy' as const, reason }],
  };
  const rows = rowsOf(plain, measured, 2);
  expect(rows.find((row) => row.subject === 'haproxy')).toMatchObject({ status: 'not measurable', reason });
  expect(rows.find((row) => row.subject === 'nginx')?.status).toBe('measured');
});

test('a crippled nginx is noticed by its lead over plain Node', () => {
  const lead = (rival: number) =>
    nginxLead(
      rowsOf(
        plain,
        seen(
          sample('plain-1k', 'nginx', 1, { requestsPerCpuSecond: rival }),
          sample('plain-1k', 'node:http', 1, { requestsPerCpuSecond: 10 }),
        ),
        2,
      ),
    );
  expect(lead(40)).toBeCloseTo(4);
  expect(lead(20)).toBeCloseTo(2);
  expect(nginxLead([])).toBeNull();
});

test.skipIf(process.platform !== 'linux')(
  'CPU time and memory of a process tree are read from the kernel',
  () => {
    const tree = processTree(process.pid);
    expect(tree[0]).toBe(process.pid);
    expect(usage(tree).cpuSeconds).toBeGreaterThan(0);
    expect(usage(tree).rssBytes).toBeGreaterThan(10 * 1024 ** 2);
  },
);
