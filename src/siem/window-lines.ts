import { LIMITS } from '../core/limits.ts';
import type { Lane, Phase } from '../core/snapshot.ts';
import type { LaneCounts, Window } from '../telemetry/types.ts';
import { lineOf } from './event-line.ts';
import type { SiemLine } from './event-line.ts';

const LANES: readonly Lane[] = ['legacy', 'candidate'];

/** How bad a window is: what rules make levels of. */
export type Severity = 'minor' | 'major' | 'critical';

/** Standard errors that are taken off a count of bad answers before it is held against a share. */
const DOUBT = 2.5;

/** Bad answers, and their share, from which on a window is no longer `minor`: the second pair is that of the breaker. */
const MAJOR = { errors: 5, rate: 0.01 };
const CRITICAL = { errors: 20, rate: 0.1 };

interface Sum {
  readonly region: string;
  readonly lane: Lane;
  requests: number;
  bad: number;
  abandoned: number;
  readonly classes: number[];
}

/** What is said about one window, and how many lines were too many. */
export interface WindowLines {
  readonly lines: readonly SiemLine[];
  readonly left: number;
}

/**
 * One summary for each region and lane with bad answers: the unit of what a SIEM hears, never a request. Legacy's come
 * first: whoever sees the candidate's has what it is compared with.
 */
export function windowLines(window: Window, phase: Phase): WindowLines {
  const failing = sumsOf(window.lanes).filter(({ bad }) => bad > 0);
  const told = failing
    .toSorted((one, other) => other.bad - one.bad)
    .slice(0, LIMITS.siemWindowLines)
    .toSorted((one, other) => LANES.indexOf(one.lane) - LANES.indexOf(other.lane));
  return { lines: told.map((sum) => summary(sum, window, phase)), left: failing.length - told.length };
}

function sumsOf(lanes: readonly LaneCounts[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const { region, lane, requests, bad, abandoned, statusClasses } of lanes) {
    const key = `${lane}\n${region}`;
    const sum = sums.get(key) ?? { region, lane, requests: 0, bad: 0, abandoned: 0, classes: [] };
    sum.requests += requests;
    sum.bad += bad;
    sum.abandoned += abandoned;
    for (const [index, count] of statusClasses.entries())
      sum.classes[index] = (sum.classes[index] ?? 0) + count;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

function summary({ region, lane, requests, bad, abandoned, classes }: Sum, window: Window, phase: Phase) {
  return lineOf('error_window', {
    region,
    lane,
    phase,
    epoch: String(window.epoch),
    window_start: new Date(window.startMs).toISOString(),
    window_end: new Date(window.startMs + window.widthMs).toISOString(),
    requests: String(requests),
    errors: String(bad),
    error_rate: `${((bad / Math.max(1, requests)) * 100).toFixed(2)}%`,
    abandoned: String(abandoned),
    status_class: '5xx',
    status_4xx: String(classes[4] ?? 0),
    status_5xx: String(classes[5] ?? 0),
    severity: severityOf(bad, requests),
  });
}

/**
 * A share is reached when it is beyond doubt: of two lanes that fail alike, the one with few requests would be above it now and
 * then by chance, and the one with many never.
 * @param bad of `requests`
 */
export function severityOf(bad: number, requests: number): Severity {
  const least = (bad - DOUBT * Math.sqrt(bad)) / Math.max(1, requests);
  const reaches = ({ errors, rate }: typeof MAJOR) => bad >= errors && least >= rate;
  if (reaches(CRITICAL)) return 'critical';
  return reaches(MAJOR) ? 'major' : 'minor';
}
