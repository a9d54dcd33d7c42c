import type { CopyCounts, LaneCounts, Window } from '../../telemetry/types.ts';

/** What a window is looked at by. */
export const TRIPPED_BY = ['pairs', 'answers', 'writes'] as const;

/** A window in which the candidate plainly failed: no statistics are needed to see it. */
export interface Trip {
  readonly atMs: number;
  readonly region: string;
  readonly by: (typeof TRIPPED_BY)[number];
  /** Pairs that failed on the candidate only, or answers (of writes alone) that were bad or given up. */
  readonly bad: number;
  readonly of: number;
}

/** Bad answers of the candidate in one window, and their share, from which on it trips. */
const MIN_BAD = 20;
const MIN_RATIO = 0.1;

/** Legacy below this share of the candidate's rate: what fails on both sides is not the candidate's doing. */
const LEGACY_FACTOR = 0.5;

/** Where the breaker trips in a window, region by region: on pairs, or on what clients were answered. */
export function tripsIn(window: Window): Trip[] {
  const atMs = window.startMs + window.widthMs;
  const regions = new Set([...window.copies, ...window.lanes].map(({ region }) => region));
  return [...regions].toSorted().flatMap((region) => {
    const copies = window.copies.filter((counts) => counts.region === region);
    const lanes = window.lanes.filter((counts) => counts.region === region);
    const failing =
      onPairs(copies) ?? (arePaired(copies, lanes) ? onWrites(copies, lanes) : onAnswers(lanes));
    return failing === null ? [] : [{ atMs, region, ...failing }];
  });
}

/** Most of what the candidate answered has its pair, and pairs know what legacy said to the same request. */
function arePaired(copies: readonly CopyCounts[], lanes: readonly LaneCounts[]): boolean {
  const back = copies.filter(({ direction }) => direction === 'reverse');
  const paired = back.reduce((sum, { joint }) => sum + joint.error.n, 0);
  const answered = lanes.reduce((sum, { lane, requests }) => sum + (lane === 'candidate' ? requests : 0), 0);
  return paired * 2 > answered;
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

/** A client that gave up waiting counts, too: it is how a lane that hangs looks from here. */
function onAnswers(lanes: readonly LaneCounts[]): Failing | null {
  const failed = { legacy: 0, candidate: 0 };
  const asked = { legacy: 0, candidate: 0 };
  for (const { lane, requests, bad, abandoned } of lanes) {
    failed[lane] += bad + abandoned;
    asked[lane] += requests;
  }
  const legacyRatio = failed.legacy / Math.max(1, asked.legacy);
  const failing = { by: 'answers', bad: failed.candidate, of: asked.candidate } as const;
  return trips(failing.bad, failing.of, legacyRatio) ? failing : null;
}

/** Reads may all be paired while no write is: their answers are looked at by themselves then, and those that nobody waited for. */
function onWrites(copies: readonly CopyCounts[], lanes: readonly LaneCounts[]): Failing | null {
  const failed = { legacy: 0, candidate: 0 };
  const asked = { legacy: 0, candidate: 0 };
  for (const { lane, writes, writeClasses } of lanes) {
    failed[lane] += (writeClasses?.[5] ?? 0) + (writeClasses?.[0] ?? 0);
    asked[lane] += writes;
  }
  const paired = copies.reduce((sum, each) => sum + (each.direction === 'reverse' ? each.writePairs : 0), 0);
  if (paired * 2 > asked.candidate) return null;
  const failing = { by: 'writes', bad: failed.candidate, of: asked.candidate } as const;
  return trips(failing.bad, failing.of, failed.legacy / Math.max(1, asked.legacy)) ? failing : null;
}

function trips(bad: number, of: number, legacyRatio: number): boolean {
  const ratio = bad / Math.max(1, of);
  return bad >= MIN_BAD && ratio >= MIN_RATIO && legacyRatio < ratio * LEGACY_FACTOR;
}
