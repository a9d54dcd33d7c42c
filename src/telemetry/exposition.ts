import { LIMITS } from '../core/limits.ts';
import type { LatencySummary } from './histogram.ts';
import { summariseLatency } from './histogram.ts';
import type { WorkerGauges, Window } from './types.ts';

/** What the exposition needs beside the counts. */
export interface ExpositionInput {
  readonly build: string;
  readonly phase: string;
  readonly bypass: boolean;
  readonly epoch: number;
  readonly revision: number;
  readonly window: Window | null;
  readonly workers: readonly { readonly slot: number; readonly gauges: WorkerGauges }[];
}

type Labels = Readonly<Record<string, string | number>>;

/** Writes one metric family in the Prometheus text format, version 0.0.4. */
class Family {
  readonly lines: string[] = [];

  constructor(name: string, type: 'counter' | 'gauge', help: string) {
    this.name = name;
    this.lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  private readonly name: string;

  add(labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(String(text))}"`);
    this.lines.push(`${this.name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function quantiles(family: Family, labels: Labels, latency: LatencySummary): void {
  const values = {
    '0.5': latency.p50Us,
    '0.9': latency.p90Us,
    '0.99': latency.p99Us,
    '0.999': latency.p999Us,
  };
  for (const [quantile, us] of Object.entries(values)) {
    if (us !== null) family.add({ ...labels, quantile }, us / 1_000_000);
  }
}

function laneFamilies(window: Window | null): Family[] {
  const requests = new Family('cutover_requests_total', 'counter', 'Requests by the lane that was asked.');
  const bad = new Family(
    'cutover_requests_bad_total',
    'counter',
    'Answers with status 500 or above, failures and timeouts.',
  );
  const abandoned = new Family(
    'cutover_requests_abandoned_total',
    'counter',
    'Requests whose client gave up.',
  );
  const failures = new Family('cutover_lane_failures_total', 'counter', 'Failures of the lane, by code.');
  const bytes = new Family('cutover_response_bytes_total', 'counter', 'Bytes sent to clients.');
  const time = new Family(
    'cutover_service_time_seconds',
    'gauge',
    'Service time since the start, by quantile.',
  );
  for (const counts of window?.lanes ?? []) {
    const { route, region, lane } = counts;
    counts.statusClasses.forEach((value, index) => {
      if (value > 0) requests.add({ route, region, lane, code: index === 0 ? 'none' : `${index}xx` }, value);
    });
    bad.add({ route, region, lane }, counts.bad);
    abandoned.add({ route, region, lane }, counts.abandoned);
    for (const [code, value] of Object.entries(counts.failures))
      failures.add({ route, region, lane, code }, value);
    bytes.add({ route, region, lane }, counts.bytesOut);
    quantiles(time, { route, region, lane }, summariseLatency([counts.latency]));
  }
  return [requests, bad, abandoned, failures, bytes, time];
}

function copyFamilies(window: Window | null): Family[] {
  const decisions = new Family(
    'cutover_copies_total',
    'counter',
    'Eligible requests by what was decided about a copy.',
  );
  const outcomes = new Family(
    'cutover_copy_outcomes_total',
    'counter',
    'Copies that were sent, by what became of them.',
  );
  const pending = new Family('cutover_copies_pending', 'gauge', 'Copies sent and not concluded.');
  const pairs = new Family('cutover_pairs_total', 'counter', 'Pairs that are evidence, by metric.');
  const onlyBad = new Family('cutover_pairs_only_bad_total', 'counter', 'Of these: only this lane was bad.');
  const failures = new Family('cutover_copy_failures_total', 'counter', 'Copies that failed, by code.');
  const excluded = new Family(
    'cutover_pairs_excluded_total',
    'counter',
    'First pairs after a start: no evidence.',
  );
  const capped = new Family(
    'cutover_copies_rate_capped_total',
    'counter',
    'Of not_sampled: over the cap on copies a second.',
  );
  const ineligible = new Family(
    'cutover_ineligible_total',
    'counter',
    'Requests not eligible for a copy, by reason.',
  );
  for (const counts of window?.copies ?? []) {
    const { route, region, direction } = counts;
    const labels = { route, region, direction };
    for (const [decision, value] of Object.entries(counts.decisions))
      decisions.add({ ...labels, decision }, value);
    for (const [outcome, value] of Object.entries(counts.outcomes))
      outcomes.add({ ...labels, outcome }, value);
    pending.add(labels, counts.pending);
    for (const [metric, { n, plus, minus }] of Object.entries(counts.joint)) {
      pairs.add({ ...labels, metric }, n);
      onlyBad.add({ ...labels, metric, lane: 'candidate' }, plus);
      onlyBad.add({ ...labels, metric, lane: 'legacy' }, minus);
    }
    for (const [code, value] of Object.entries(counts.failures)) failures.add({ ...labels, code }, value);
    excluded.add(labels, counts.excluded);
    capped.add(labels, counts.rateCapped);
  }
  for (const [reason, value] of Object.entries(window?.ineligible ?? {})) ineligible.add({ reason }, value);
  return [decisions, outcomes, pending, pairs, onlyBad, failures, excluded, capped, ineligible];
}

function workerFamilies(input: ExpositionInput): Family[] {
  const names = {
    connections: 'Client connections.',
    exchanges: 'Exchanges that run.',
    tunnels: 'Exchanges that are tunnels (WebSocket) or asked to be.',
    copiesInFlight: 'Copies that run.',
    copyBytes: 'Bytes held by copies and captured answers.',
    diffQueue: 'Pairs waiting for the diff thread.',
    rssBytes: 'Resident memory.',
    loopDelayMs: 'Event-loop delay, p99 over a second.',
    accessLogDropped: 'Access-log lines dropped since the start.',
  } as const satisfies Record<keyof WorkerGauges, string>;
  return Object.entries(names).map(([key, help]) => {
    const family = new Family(
      `cutover_worker_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      'gauge',
      help,
    );
    for (const worker of input.workers)
      family.add({ worker: worker.slot }, worker.gauges[key as keyof WorkerGauges]);
    return family;
  });
}

function rolloutFamilies(input: ExpositionInput): Family[] {
  const info = new Family('cutover_build_info', 'gauge', 'The build that runs.');
  info.add({ build: input.build }, 1);
  const phase = new Family('cutover_phase', 'gauge', 'The phase, as a label; 1 for the current one.');
  phase.add({ phase: input.phase }, 1);
  const bypass = new Family('cutover_bypass', 'gauge', '1 while the kill switch is on.');
  bypass.add({}, input.bypass ? 1 : 0);
  const epoch = new Family('cutover_epoch', 'gauge', 'The epoch evidence is collected under.');
  epoch.add({}, input.epoch);
  const revision = new Family('cutover_snapshot_revision', 'gauge', 'The snapshot that was published last.');
  revision.add({}, input.revision);
  const edge = new Family(
    'cutover_edge_answers_total',
    'counter',
    'Requests answered by neither lane, by reason.',
  );
  for (const [reason, value] of Object.entries(input.window?.edge ?? {})) edge.add({ reason }, value);
  const limit = new Family(
    'cutover_limit_copies_in_flight',
    'gauge',
    'Copies in flight of one worker at the most, by default.',
  );
  limit.add({}, LIMITS.copiesInFlight);
  return [info, phase, bypass, epoch, revision, edge, limit];
}

/** The state of a node in the Prometheus text format, version 0.0.4. */
export function exposition(input: ExpositionInput): string {
  const families = [
    ...rolloutFamilies(input),
    ...laneFamilies(input.window),
    ...copyFamilies(input.window),
    ...workerFamilies(input),
  ];
  return `${families.flatMap((family) => family.lines).join('\n')}\n`;
}
