import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { Observation } from '../../src/core/observation.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { exposition } from '../../src/telemetry/exposition.ts';
import { METRICS, type MetricInfo } from '../../src/telemetry/metrics.ts';
import { Recorder } from '../../src/telemetry/recorder.ts';
import { Tallies } from '../../src/telemetry/tallies.ts';
import type { WorkerGauges } from '../../src/telemetry/types.ts';
import { WindowKeeper } from '../../src/telemetry/window.ts';
import { readMetrics, sumOf } from '../kit/prometheus.ts';

const gauges: WorkerGauges = {
  connections: 10,
  exchanges: 1,
  copiesInFlight: 0,
  copyBytes: 0,
  tunnels: 0,
  diffQueue: 0,
  rssBytes: 1,
  loopDelayMs: 0.5,
  accessLogDropped: 0,
  refused: { limit: 0, dropped: 0, address: 0 },
  tallies: { copies: [], tunnels: [] },
  states: { idle: 4, head: 3, exchange: 2, closing: 1 },
  upstreams: [
    {
      lane: 'legacy',
      upstream: 'legacy',
      use: 'clients',
      open: 5,
      active: 2,
      waiting: 7,
      servers: 4,
      serversOut: 1,
      ejections: 6,
      retries: 8,
      retriesDenied: 9,
    },
  ],
};

const SEEN: Observation = {
  requestId: 'r',
  method: 'GET',
  path: '/',
  host: 'h',
  clientAddress: '::1',
  route: 'all',
  region: 'eu',
  answeredBy: 'legacy',
  assigned: 'legacy',
  asked: true,
  phase: 'shadow',
  epoch: 1,
  revision: 1,
  status: 200,
  failure: null,
  bad: false,
  durationUs: 2_000,
  serviceUs: 1_500,
  bytesIn: 3,
  bytesOut: 5,
  copy: null,
};

function page(
  seen: readonly Partial<Observation>[],
  workers = [{ slot: 0, state: 'serving', gauges }],
): string {
  const recorder = new Recorder(new ClassTable((endpoint) => endpoint));
  const book = recorder.book(1);
  for (const each of seen) book.observe({ ...SEEN, ...each });
  const cell = book.copyCell('all', 'eu', 'shadow');
  cell.decide('sent');
  cell.conclude('compared');
  cell.judge('error', true, false);
  const keeper = new WindowKeeper(10_000);
  for (const delta of recorder.take(1, gauges)) keeper.add(delta);
  const rollout = { phase: 'canary', bypass: false, epoch: 1, revision: 4, inEffect: true } as const;
  const siem = { lines: { written: 7, lost: 1 }, answers: { valid: 3, odd: 2 } };
  const window = keeper.total();
  return exposition({ build: '0.1.0', startedAtMs: 1_500, ...rollout, siem, window, workers });
}

test('a page is the text format to the letter, whatever routes and regions are called', () => {
  const text = fc.string({ unit: 'binary' }).map((name) => name.replaceAll(/[\r\u2028\u2029]/g, ''));
  fc.assert(
    fc.property(fc.array(fc.record({ route: text, region: text }), { maxLength: 6 }), (seen) => {
      const families = readMetrics(page(seen));
      expect(sumOf(families, 'cutover_requests_total')).toBe(seen.length);
      for (const { route } of seen) {
        expect(sumOf(families, 'cutover_requests_total', { route })).toBeGreaterThan(0);
      }
    }),
    { numRuns: 30 },
  );
});

test('every metric is exposed under its own name, and its name says its type and unit', () => {
  const families = readMetrics(page([{}]));
  expect(families.map(({ name }) => name)).toEqual(Object.keys(METRICS));
  for (const { name, type, help, samples } of families) {
    const info: MetricInfo = METRICS[name as keyof typeof METRICS];
    expect([name.endsWith('_total'), type], name).toEqual([info.type === 'counter', info.type]);
    expect(name, name).toMatch(/^cutover_[a-z_]+$/);
    expect(name, name).not.toMatch(/_(ms|us|milliseconds|kib|mb|percent)(_|$)/);
    expect(help.endsWith('.'), help).toBe(true);
    for (const sample of samples) {
      const names = Object.keys(sample.labels).filter((label) => label !== 'le');
      expect(names, name).toEqual(info.labels);
    }
  }
});

test('the same state is the same page, in whatever order it was counted', () => {
  const seen = ['a', 'b', 'c'].map((route) => ({ route }));
  expect(page(seen)).toBe(page(seen.toReversed()));
});

test('what the SIEM was told and answered is counted, and the lost and odd beside it', () => {
  const families = readMetrics(page([]));
  const of = (name: string, result: string) => sumOf(families, name, { result });
  expect([of('cutover_siem_lines_total', 'written'), of('cutover_siem_lines_total', 'lost')]).toEqual([7, 1]);
  expect([of('cutover_siem_answers_total', 'valid'), of('cutover_siem_answers_total', 'odd')]).toEqual([
    3, 2,
  ]);
});

test('a request is counted by lane, kind of method and status class', () => {
  const families = readMetrics(
    page([
      {},
      {},
      { method: 'POST' },
      { status: 503, bad: true },
      { assigned: 'candidate', answeredBy: 'legacy' },
    ]),
  );
  const requests = (labels: Record<string, string>) => sumOf(families, 'cutover_requests_total', labels);
  expect(requests({ lane: 'legacy', method: 'safe', status: '2xx' })).toBe(2);
  expect(requests({ lane: 'legacy', method: 'write', status: '2xx' })).toBe(1);
  expect(requests({ lane: 'legacy', status: '5xx' })).toBe(1);
  expect(requests({ lane: 'candidate' })).toBe(1);
  expect(sumOf(families, 'cutover_fallbacks_total', { lane: 'candidate' })).toBe(1);
  expect(sumOf(families, 'cutover_requests_bad_total')).toBe(1);
  expect(sumOf(families, 'cutover_request_bytes_total')).toBe(15);
  expect(sumOf(families, 'cutover_response_bytes_total')).toBe(25);
});

test('a histogram never falls, ends with all samples, and has their sum', () => {
  const times = [1, 900, 1_000, 2_400, 40_000, 700_000, 3_000_000, 100_000_000];
  const families = readMetrics(page(times.map((serviceUs) => ({ serviceUs }))));
  const name = 'cutover_service_time_seconds';
  const buckets =
    families.find((family) => family.name === name)?.samples.filter(({ labels }) => 'le' in labels) ?? [];
  for (const { labels, value } of buckets) {
    const bound = Number(labels['le']?.replace('+Inf', 'Infinity')) * 1_000_000;
    expect(value, labels['le']).toBe(times.filter((time) => time <= bound).length);
  }
  expect(buckets.at(-1)?.labels['le']).toBe('+Inf');
  expect(sumOf(families, `${name}_count`)).toBe(times.length);
  const sum = times.reduce((total, time) => total + time, 0) / 1_000_000;
  expect(Math.abs(sumOf(families, `${name}_sum`) / sum - 1)).toBeLessThan(0.01);
});

test('routes and regions beyond the limits share their series, and nothing is left out', () => {
  const many = Array.from({ length: LIMITS.metricRoutes + 30 }, (_, index) => ({
    route: `a-${String(index).padStart(4, '0')}`,
    region: `e-${String(index % (LIMITS.metricRegions + 9)).padStart(4, '0')}`,
  }));
  const families = readMetrics(page(many));
  const samples = families.find(({ name }) => name === 'cutover_requests_total')?.samples ?? [];
  expect(new Set(samples.map(({ labels }) => labels['route'])).size).toBe(LIMITS.metricRoutes + 1);
  expect(new Set(samples.map(({ labels }) => labels['region'])).size).toBe(LIMITS.metricRegions + 1);
  expect(sumOf(families, 'cutover_requests_total')).toBe(many.length);
});

test('levels of a worker are exposed by what its connections do', () => {
  const families = readMetrics(page([]));
  expect(sumOf(families, 'cutover_client_connections')).toBe(10);
  expect(sumOf(families, 'cutover_client_connections', { state: 'head', worker: '0' })).toBe(3);
  const pool = { lane: 'legacy', upstream: 'legacy', use: 'clients' };
  expect(sumOf(families, 'cutover_upstream_connections', { ...pool, state: 'active' })).toBe(2);
  expect(sumOf(families, 'cutover_upstream_connections', { ...pool, state: 'idle' })).toBe(3);
  expect(sumOf(families, 'cutover_upstream_waiting', pool)).toBe(7);
  expect(sumOf(families, 'cutover_upstream_servers', { ...pool, state: 'used' })).toBe(3);
  expect(sumOf(families, 'cutover_upstream_servers', { ...pool, state: 'out' })).toBe(1);
  expect(sumOf(families, 'cutover_upstream_ejections_total', pool)).toBe(6);
  expect(sumOf(families, 'cutover_upstream_retries_total', { ...pool, result: 'made' })).toBe(8);
  expect(sumOf(families, 'cutover_upstream_retries_total', { ...pool, result: 'denied' })).toBe(9);
  expect(sumOf(families, 'cutover_phase', { phase: 'canary' })).toBe(1);
  expect(sumOf(families, 'cutover_phase')).toBe(1);
});

test('a worker and the one that replaces it are one series and two processes', () => {
  const old = { slot: 0, state: 'draining', gauges: { ...gauges, exchanges: 9 } };
  const families = readMetrics(page([], [{ slot: 0, state: 'serving', gauges }, old]));
  expect(sumOf(families, 'cutover_exchanges')).toBe(1);
  expect([
    sumOf(families, 'cutover_workers', { state: 'serving' }),
    sumOf(families, 'cutover_workers'),
  ]).toEqual([1, 2]);
});

test('how long copies took, how tunnels ended, and who was not served is exposed of each worker', () => {
  const tallies = new Tallies();
  tallies.copy('shadow', 'compared', 2_000);
  tallies.copy('shadow', 'compared', 700_000);
  tallies.copy('reverse', 'timed_out', 10_000_001);
  tallies.tunnel('legacy', 'closed', 30_000_000, { bytesIn: 5, bytesOut: 70 });
  tallies.tunnel('legacy', 'tunnel_idle', 400_000_000, { bytesIn: 1, bytesOut: 2 });
  const refused = { limit: 3, dropped: 4, address: 5 };
  const full = { ...gauges, refused, tallies: tallies.read() };
  const families = readMetrics(page([], [{ slot: 2, state: 'serving', gauges: full }]));
  const of = (name: string, labels: Record<string, string> = {}) =>
    sumOf(families, name, { worker: '2', ...labels });
  const copies = 'cutover_copy_duration_seconds';
  const compared = { direction: 'shadow', outcome: 'compared' };
  expect([of(`${copies}_count`, compared), of(`${copies}_sum`, compared)]).toEqual([2, 0.702]);
  expect(of(`${copies}_bucket`, { ...compared, le: '0.0025' })).toBe(1);
  expect(of(`${copies}_bucket`, { ...compared, le: '1' })).toBe(2);
  const late = { direction: 'reverse', outcome: 'timed_out' };
  expect([10, '+Inf'].map((le) => of(`${copies}_bucket`, { ...late, le: String(le) }))).toEqual([0, 1]);
  const ended = (reason: string) => of('cutover_tunnels_ended_total', { lane: 'legacy', reason });
  expect([ended('closed'), ended('tunnel_idle')]).toEqual([1, 1]);
  const bytes = (direction: string) => of('cutover_tunnel_bytes_total', { lane: 'legacy', direction });
  expect([bytes('in'), bytes('out')]).toEqual([6, 72]);
  expect(of('cutover_tunnel_duration_seconds_bucket', { lane: 'legacy', le: '60' })).toBe(1);
  expect(of('cutover_tunnel_duration_seconds_sum', { lane: 'legacy' })).toBe(430);
  const why = (reason: string) => of('cutover_client_connections_refused_total', { reason });
  expect([why('limit'), why('dropped'), why('address')]).toEqual([3, 4, 5]);
});

test('copies, outcomes and joint outcomes are exposed by direction', () => {
  const families = readMetrics(page([]));
  const labels = { route: 'all', region: 'eu', direction: 'shadow' };
  expect(sumOf(families, 'cutover_copies_total', { ...labels, decision: 'sent' })).toBe(1);
  expect(sumOf(families, 'cutover_copy_outcomes_total', { ...labels, outcome: 'compared' })).toBe(1);
  const onlyBad = { ...labels, metric: 'error', lane: 'candidate' };
  expect(sumOf(families, 'cutover_pairs_only_bad_total', onlyBad)).toBe(1);
});

test('the document names every metric with its type, its labels and its meaning, and no other', () => {
  const rows = Object.entries<MetricInfo>(METRICS).map(([name, { type, labels, help }]) => {
    const named = labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  const document = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  expect(document.split('\n').filter((line) => line.startsWith('| `cutover_'))).toEqual(rows);
});
