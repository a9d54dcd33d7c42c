import type { CopyCounts, LaneCounts, Window } from '../../telemetry/types.ts';

/** A window in which the candidate plainly failed: no statistics are needed to see it. */
export interface Trip {
  readonly atMs: number;
  readonly region: string;
  readonly by: 'pairs' | 'answers';
  readonly bad: number;
  readonly of: number;
}

/** Bad answers of the candidate in one window, and their share, from which on it trips. */
const MIN_BAD = 20;
const MIN_RATIO = 0.1;

/** Legacy below this share of the candidate's rate: what fails on both sides is not the candidate's doing. */
const LEGACY_FACTOR = 0.5;

/** Whether the breaker trips in a window, region by region: on pairs, or on what clients were answered. */
export function tripIn(window: Window): Trip | null {
  const atMs = window.startMs + window.widthMs;
  const regions = new Set([...window.copies, ...window.lanes].map(({ region }) => region));
  for (const region of [...regions].toSorted()) {
    const trip =
      onPairs(window.copies.filter((counts) => counts.region === region)) ??
      onAnswers(window.lanes.filter((counts) => counts.region === region));
    if (trip !== null) return { atMs, region, ...trip };
  }
  return null;
}

type Failing = Pick<Trip, 'by' | 'bad' | 'of'>;

/** Pairs in which only one side was bad: what both had in common cancels out. */
function onPairs(copies: readonly CopyCounts[]): Failing | null {
  const sum = (pick: (counts: CopyCounts) => number) => copies.reduce((total, each) => total + pick(each), 0);
  const [n, plus, minus] = [
    sum(({ joint }) => joint.error.n),
    sum(({ joint }) => joint.error.plus),
    sum(({ joint }) => joint.error.minus),
  ];
  return trips(plus, n, minus / Math.max(1, n)) ? { by: 'pairs', bad: plus, of: n } : null;
}

function onAnswers(lanes: readonly LaneCounts[]): Failing | null {
  const of = (lane: LaneCounts['lane'], pick: 'bad' | 'requests') =>
    lanes.reduce((total, each) => total + (each.lane === lane ? each[pick] : 0), 0);
  const legacyRatio = of('legacy', 'bad') / Math.max(1, of('legacy', 'requests'));
  const [bad, requests] = [of('candidate', 'bad'), of('candidate', 'requests')];
  return trips(bad, requests, legacyRatio) ? { by: 'answers', bad, of: requests } : null;
}

function trips(bad: number, of: number, legacyRatio: number): boolean {
  const ratio = bad / Math.max(1, of);
  return bad >= MIN_BAD && ratio >= MIN_RATIO && legacyRatio < ratio * LEGACY_FACTOR;
}
