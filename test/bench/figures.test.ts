import { expect, test } from 'vitest';
import { processTree, usage } from '../../bench/cpu.ts';
import { nginxLead, rowsOf } from '../../bench/figures.ts';
import { parseWrk } from '../../bench/load.ts';
import type { Sample } from '../../bench/run.ts';
import { estimate, median } from '../../bench/statistics.ts';
import { table } from '../../bench/table.ts';
import { WORKS } from '../../bench/works.ts';
import type { SubjectName, Work } from '../../bench/works.ts';

const [plain] = WORKS as [Work];
const twoWorkers = WORKS.find((work) => work.name === 'two-workers') as Work;

function sample(subject: SubjectName, round: number, requestsPerCpuSecond: number, disturbance = 0): Sample {
  const rest = {
    requests: 1,
    seconds: 1,
    p50Ms: 1,
    p99Ms: 2,
    errors: 0,
    requestsPerSecond: 1,
    cpuUsPerRequest: 1,
  };
  const figures = {
    ...rest,
    requestsPerCpuSecond,
    cores: 1,
    rssBytes: 1,
    pssBytes: 1,
    serverRequests: 1,
    disturbance,
  };
  return { work: 'plain-1k', subject, round, dropped: disturbance > 0.3, figures };
}

test('reads what wrk prints, whatever the unit', () => {
  const text = `Running 3s test @ http://127.0.0.1:1/
  Latency Distribution
     50%  812.00us
     99%    1.24s 
  93511 requests in 3.01s, 110.05MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 4
Requests/sec:  31072.81
`;
  expect(parseWrk(text)).toEqual({ requests: 93_511, seconds: 3.01, p50Ms: 0.812, p99Ms: 1_240, errors: 7 });
  expect(() => parseWrk('unable to connect')).toThrow('no total');
});

test('an interval covers the middle and is honest about few values', () => {
  expect(median([3, 1, 2, 10])).toBe(2.5);
  expect(estimate([])).toBeNull();
  expect(estimate([2])).toEqual({ value: 2, low: null, high: null, n: 1 });
  const three = estimate([0.8, 0.9, 1]);
  expect(three?.value).toBeCloseTo(0.896, 3);
  expect(three?.low).toBeLessThan(0.7);
  expect(three?.high).toBeGreaterThan(1.1);
});

test('a ratio compares within one round and leaves disturbed windows out', () => {
  const samples = [
    sample('nginx', 1, 100),
    sample('cutover', 1, 90),
    sample('nginx', 2, 50),
    sample('cutover', 2, 45),
    sample('cutover', 2, 1, 0.9),
  ];
  const row = rowsOf(plain, samples, 2).find(({ subject }) => subject === 'cutover');
  expect(row?.ratio?.value).toBeCloseTo(0.9);
  expect([row?.windows, row?.dropped, row?.processes]).toEqual([2, 1, 2]);
});

test('a row that needs more cores than there are is not measurable, and says so', () => {
  const rows = rowsOf(twoWorkers, [], 2);
  expect(rows.map((row) => row.status)).toEqual(['not measurable', 'not measurable']);
  expect(table(rows)).toContain('not measurable: needs 4 cores, there are 2');
});

test('a crippled nginx is noticed', () => {
  const lead = (rival: number) =>
    nginxLead(rowsOf(plain, [sample('nginx', 1, rival), sample('node:http', 1, 10)], 2));
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
