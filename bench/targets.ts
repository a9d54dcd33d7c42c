import type { Row } from './figures.ts';
import type { ToggleRatio, ToggleResult } from './toggle-figures.ts';
import { FORGED_PER_SECOND } from './token-flood.ts';
import type { SubjectName } from './works.ts';

/** One promise of the product, and what this run says about it. */
export interface TargetResult {
  readonly work: string;
  readonly subject: string;
  /** The promise in words. */
  readonly target: string;
  /** What was measured, in the target's unit; null where it was not. */
  readonly figure: number | null;
  readonly interval: readonly [number, number] | null;
  readonly state: 'met' | 'missed' | 'not measured';
  /** Why it was not measured, or what the figure is. */
  readonly note: string;
}

interface Figure {
  readonly value: number;
  readonly interval: readonly [number, number] | null;
  readonly note: string;
}

interface Target {
  readonly work: string;
  readonly subject: SubjectName;
  readonly target: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Null where a row it needs has no figures. */
  readonly figure: (row: Row, rows: readonly Row[]) => Figure | null;
}

const MEGABYTE = 1e6;
/** The best of these is the rival: without all of them nobody knows which it is. */
const NODE_PROXIES: readonly SubjectName[] = ['undici', 'httpxy', 'fastify'];

function ratio(row: Row): Figure | null {
  if (row.ratio === null) return null;
  const { value, low, high } = row.ratio;
  const interval = low === null || high === null ? null : ([low, high] as const);
  return { value, interval, note: `to ${row.baseline}` };
}

function ratioTarget(work: string, atLeast: number, words = ''): Target {
  const target = `at least ${atLeast.toFixed(2)} × nginx${words}`;
  return { work, subject: 'cutover', target, atLeast, figure: ratio };
}

function bestNodeProxy(row: Row, rows: readonly Row[]): Figure | null {
  const own = row.requestsPerCpuSecond?.value;
  const rivals = rows.filter((one) => one.work === row.work && NODE_PROXIES.includes(one.subject));
  const best = rivals.toSorted(
    (a, b) => (b.requestsPerCpuSecond?.value ?? 0) - (a.requestsPerCpuSecond?.value ?? 0),
  )[0];
  const other = best?.requestsPerCpuSecond?.value;
  const isComplete = NODE_PROXIES.every((name) =>
    rivals.some((one) => one.subject === name && one.requestsPerCpuSecond !== null),
  );
  if (!isComplete || own === undefined || best === undefined || other === undefined) return null;
  return { value: own / other, interval: null, note: `the best is ${best.subject}` };
}

function megabytes(bytes: number | null): Figure | null {
  return bytes === null || bytes === 0 ? null : { value: bytes / MEGABYTE, interval: null, note: 'MB' };
}

function p99AboveNginx(row: Row, rows: readonly Row[]): Figure | null {
  const rival = rows.find((one) => one.work === row.work && one.subject === 'nginx')?.p99Ms ?? null;
  if (row.p99Ms === null || rival === null) return null;
  const note = `${row.p99Ms.toFixed(2)} ms, nginx ${rival.toFixed(2)} ms`;
  return { value: row.p99Ms - rival, interval: null, note };
}

const TARGETS: readonly Target[] = [
  ratioTarget('plain-1k', 0.9, ' (bar 0.80, stretch 1.00)'),
  {
    work: 'plain-1k',
    subject: 'cutover',
    target: 'at least 3.00 × the best Node proxy',
    atLeast: 3,
    figure: bestNodeProxy,
  },
  {
    work: 'plain-1k',
    subject: 'cutover',
    target: 'a worker takes at most 120 MB resident',
    atMost: 120,
    figure: (row) => megabytes(row.workerRssBytes),
  },
  ratioTarget('plain-20k', 1),
  ratioTarget('tls-1k', 0.8),
  ratioTarget('shadow-10', 1.1),
  ratioTarget('shadow-100', 1.3),
  ...(['shadow-10', 'shadow-100'] as const).map((work): Target => ({
    work,
    subject: 'cutover',
    target: 'a worker takes at most 120 MB resident',
    atMost: 120,
    figure: (row) => megabytes(row.workerRssBytes),
  })),
  {
    work: 'rate-3000',
    subject: 'cutover',
    target: 'p99 at most 0.50 ms above nginx',
    atMost: 0.5,
    figure: p99AboveNginx,
  },
  {
    work: 'two-workers',
    subject: 'cutover-2-workers',
    target: 'at least 1.80 × one worker',
    atLeast: 1.8,
    figure: ratio,
  },
  {
    work: 'four-workers',
    subject: 'cutover-4-workers',
    target: 'supervisor and four workers take at most 350 MB (PSS)',
    atMost: 350,
    figure: (row) => megabytes(row.pssBytes),
  },
];

/** What the rows say about every target whose work was asked for. */
export function targetResults(rows: readonly Row[]): TargetResult[] {
  return TARGETS.flatMap((target) => {
    const row = rows.find((one) => one.work === target.work && one.subject === target.subject);
    return row === undefined ? [] : [judged(target, row, rows)];
  });
}

function judged({ figure, atLeast, atMost, ...rest }: Target, row: Row, rows: readonly Row[]): TargetResult {
  const { work, subject, target } = rest;
  const found = row.status === 'measured' ? figure(row, rows) : null;
  if (found === null) {
    const note = row.reason ?? 'what it is compared with has no figures';
    return { work, subject, target, figure: null, interval: null, state: 'not measured', note };
  }
  const { value, interval, note } = found;
  const met = value >= (atLeast ?? value) && value <= (atMost ?? value);
  return { work, subject, target, figure: value, interval, state: met ? 'met' : 'missed', note };
}

/** Turns without which a comparison of on and off says too little. */
const MIN_TURNS = 20;
const MIN_FLOODED = 0.9;

const WORDS = { p99: 'p99 of clients', throughput: 'throughput of clients' } as const;

/** The promise that a shadow, healthy or hung, is not felt by clients. */
export function toggleTargets(results: readonly ToggleResult[]): TargetResult[] {
  return results
    .filter((result) => result.subject === 'cutover')
    .flatMap((own) => own.ratios.map((one) => judgedRatio(own, one)));
}

function judgedRatio(
  { work, tolerance, states }: ToggleResult,
  { metric, state, ratio, passed }: ToggleRatio,
): TargetResult {
  const pair = `${state} over ${states[0]?.state}`;
  const target = `${WORDS[metric]}, ${pair}: the interval holds 1 or ends within ${Math.round(tolerance * 100)} % of it`;
  const interval =
    ratio === null || ratio.low === null || ratio.high === null ? null : ([ratio.low, ratio.high] as const);
  const turns = ratio?.n ?? 0;
  const flooded = states.find((one) => one.state === state)?.flooded ?? null;
  // A flood that this machine could not make, or the gateway could not answer, proves nothing.
  const isWeak = flooded !== null && flooded < FORGED_PER_SECOND * MIN_FLOODED;
  const few = turns < MIN_TURNS || passed === null || isWeak;
  const tooFew = `${turns} of ${MIN_TURNS} undisturbed turns`;
  const weak = `${Math.round(flooded ?? 0)} of ${FORGED_PER_SECOND} forged tokens a second were answered`;
  const note = isWeak ? weak : few ? tooFew : `${turns} turns`;
  const verdict = passed === true ? 'met' : 'missed';
  const figure = ratio?.value ?? null;
  return { work, subject: 'cutover', target, figure, interval, state: few ? 'not measured' : verdict, note };
}
