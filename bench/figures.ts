import type { Measured, Sample } from './run.ts';
import { estimate, median } from './statistics.ts';
import type { Estimate } from './statistics.ts';
import type { SubjectName, Work } from './works.ts';

/** What a work showed about one subject. */
export interface Row {
  readonly work: string;
  readonly subject: SubjectName;
  readonly status: 'measured' | 'not measurable';
  /** Why it is not, or null. */
  readonly reason: string | null;
  /** What its ratio is taken to. */
  readonly baseline: SubjectName;
  readonly metric: Work['metric'];
  /** Fresh processes that were measured. */
  readonly processes: number;
  readonly windows: number;
  readonly dropped: number;
  readonly errors: number;
  readonly requestsPerCpuSecond: Estimate | null;
  readonly requestsPerSecond: Estimate | null;
  readonly cpuUsPerRequest: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly rssBytes: number | null;
  readonly pssBytes: number | null;
  /** Of the largest worker; null where workers are no processes of their own. */
  readonly workerRssBytes: number | null;
  /** Copies for each request, as the server that got them counts; null for a work without copies. */
  readonly copies: number | null;
  /** The work's metric over the baseline's, within the same round; null for the baseline itself. */
  readonly ratio: Estimate | null;
}

/** One row for each subject of a work. */
export function rowsOf(work: Work, measured: Measured, cores: number): Row[] {
  const { samples, absences } = measured;
  return work.subjects.map((subject) => {
    const own = samples.filter((sample) => sample.work === work.name && sample.subject === subject);
    if (cores < work.cores)
      return notMeasurable(work, subject, own, `needs ${work.cores} cores, there are ${cores}`);
    const absence = absences.find((one) => one.work === work.name && one.subject === subject);
    if (absence !== undefined) return notMeasurable(work, subject, own, absence.reason);
    const kept = own.filter((sample) => !sample.dropped);
    if (own.length === 0) return notMeasurable(work, subject, own, 'no window was taken in the time');
    if (kept.length === 0) return notMeasurable(work, subject, own, 'every window was disturbed by others');
    return measuredRow(work, subject, own, samples);
  });
}

/** Rows of a work that nobody could be asked to do. */
export function rowsWithout(work: Work, reason: string): Row[] {
  return work.subjects.map((subject) => notMeasurable(work, subject, [], reason));
}

function notMeasurable(work: Work, subject: SubjectName, own: readonly Sample[], reason: string): Row {
  return {
    work: work.name,
    subject,
    status: 'not measurable',
    reason,
    baseline: work.baseline,
    metric: work.metric,
    processes: 0,
    windows: 0,
    dropped: own.length,
    errors: 0,
    requestsPerCpuSecond: null,
    requestsPerSecond: null,
    cpuUsPerRequest: null,
    p50Ms: null,
    p99Ms: null,
    p999Ms: null,
    rssBytes: null,
    pssBytes: null,
    workerRssBytes: null,
    copies: null,
    ratio: null,
  };
}

function measuredRow(work: Work, subject: SubjectName, own: readonly Sample[], all: readonly Sample[]): Row {
  const figures = own.filter((sample) => !sample.dropped).map((sample) => sample.figures);
  const middle = (pick: (one: (typeof figures)[number]) => number) => median(figures.map(pick));
  const known = (values: (number | null)[]) => values.filter((value) => value !== null);
  const workers = known(figures.map((one) => one.workerRssBytes));
  return {
    work: work.name,
    subject,
    status: 'measured',
    reason: null,
    baseline: work.baseline,
    metric: work.metric,
    processes: new Set(own.filter((sample) => !sample.dropped).map((sample) => sample.round)).size,
    windows: figures.length,
    dropped: own.length - figures.length,
    errors: figures.reduce((sum, one) => sum + one.errors, 0),
    requestsPerCpuSecond: estimate([...perRound(work, subject, all, 'requestsPerCpuSecond').values()]),
    requestsPerSecond: estimate([...perRound(work, subject, all, 'requestsPerSecond').values()]),
    cpuUsPerRequest: middle((one) => one.cpuUsPerRequest),
    p50Ms: middle((one) => one.p50Ms),
    p99Ms: middle((one) => one.p99Ms),
    p999Ms: middle((one) => one.p999Ms),
    rssBytes: middle((one) => one.rssBytes),
    pssBytes: middle((one) => one.pssBytes),
    workerRssBytes: workers.length === 0 ? null : median(workers),
    copies: work.copied === 0 ? null : middle((one) => one.copies),
    ratio: subject === work.baseline ? null : ratioOf(work, subject, all),
  };
}

/** One value for each fresh process: the median of its undisturbed windows. */
function perRound(
  work: Work,
  subject: SubjectName,
  samples: readonly Sample[],
  metric: Work['metric'],
): Map<number, number> {
  const values = new Map<number, number[]>();
  for (const sample of samples) {
    if (sample.work !== work.name || sample.subject !== subject || sample.dropped) continue;
    values.set(sample.round, [...(values.get(sample.round) ?? []), sample.figures[metric]]);
  }
  return new Map([...values].map(([round, windows]) => [round, median(windows)]));
}

/** Ratios are taken inside a round, where both had the same machine. */
function ratioOf(work: Work, subject: SubjectName, samples: readonly Sample[]): Estimate | null {
  const base = perRound(work, work.baseline, samples, work.metric);
  const ratios: number[] = [];
  for (const [round, value] of perRound(work, subject, samples, work.metric)) {
    const divisor = base.get(round);
    if (divisor !== undefined) ratios.push(value / divisor);
  }
  return estimate(ratios);
}

/** How far nginx must be ahead of the plain Node proxy. */
export const MIN_NGINX_LEAD = 3;

/**
 * Whether the rival was a fair one: a crippled nginx proves nothing about whoever beats it.
 * @returns the lead, or null when one of the two was not measured
 */
export function nginxLead(rows: readonly Row[]): number | null {
  const of = (subject: SubjectName) =>
    rows.find((row) => row.work === 'plain-1k' && row.subject === subject)?.requestsPerCpuSecond?.value;
  const [rival, plain] = [of('nginx'), of('node:http')];
  return rival === undefined || plain === undefined ? null : rival / plain;
}
