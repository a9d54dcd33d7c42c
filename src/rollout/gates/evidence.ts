import type { Direction, Lane } from '../../core/snapshot.ts';
import type { CopyCounts, Joint, LaneCounts, Window } from '../../telemetry/types.ts';
import { tripsIn } from './breaker.ts';
import type { Trip } from './breaker.ts';
import { bakeWindow, testWindow } from './window-tests.ts';
import type { Bakes, WindowTests } from './window-tests.ts';
import { addCohorts } from './cohort-evidence.ts';
import type { CohortEvidence } from './cohort-evidence.ts';

/** Pairs of one route, region and direction. */
export interface PairTally {
  readonly route: string;
  readonly region: string;
  readonly direction: Direction;
  readonly error: Joint;
  readonly difference: Joint;
  /** Slower than legacy's own p99 of earlier windows; counted once that is known. */
  readonly tail: Joint;
  /** Triples instead of pairs, where legacy is compared with itself; `minus`: it differs from itself alone. */
  readonly unexplained?: Joint;
  /** Of `error.n`: requests that write. */
  readonly writePairs: number;
  /** Requests of the sample, and the lots of those whose lot was drawn by themselves. */
  readonly sampled: number;
  readonly drawn: Drawn;
  /** Copies that the gateway lost: dropped before they were sent, or answered and never compared. */
  readonly missing: number;
}

/**
 * Lots that were drawn request by request, because no user was known: in the sample, and not. Of users that come more
 * often than others only the lots of keys would be even.
 */
export interface Drawn {
  readonly chosen: number;
  readonly left: number;
}

/** Requests of clients, of one route, region and lane. */
export interface RequestTally {
  readonly route: string;
  readonly region: string;
  readonly lane: Lane;
  readonly requests: number;
  readonly writes: number;
  /** Bad answers, and writes that clients gave up waiting for. */
  readonly bad: number;
}

/**
 * The counts of one epoch, added up window by window: all that a verdict is made of. Plain data, so that the same
 * windows give the same verdict anywhere.
 */
export interface Evidence {
  readonly epoch: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly windows: number;
  readonly pairs: readonly PairTally[];
  readonly requests: readonly RequestTally[];
  /** Requests that legacy answered in the newest window, those of a fallback among them; and when that began. */
  readonly legacyLately: number;
  readonly newestMs: number;
  /** Evidence against the candidate, window by window, by metric, direction and region. */
  readonly tests: WindowTests;
  /** The same of legacy's second answers against its first, where it is asked again: they should be alike. */
  readonly drift: WindowTests;
  /** Windows without and with a burst of errors, by direction and region. */
  readonly bakes: Bakes;
  /** The first window of each region in which the breaker tripped. */
  readonly trips: readonly Trip[];
  /** Users whose requests cannot be paired; not there before any was counted. */
  readonly cohorts?: CohortEvidence | undefined;
}

/** Before the first window. */
export function noEvidence(epoch: number): Evidence {
  const none = { fromMs: 0, toMs: 0, windows: 0, legacyLately: 0, newestMs: 0 };
  return { epoch, ...none, pairs: [], requests: [], tests: {}, drift: {}, bakes: {}, trips: [] };
}

/**
 * Adds one complete window of the same epoch.
 * @param differencesBase tolerated share of pairs that differ
 * @param windowMs `rollout.window`: the breaker does not look at windows that the store made wider
 * @param noise legacy is compared with itself: differences are judged on triples
 */
export function addWindow(
  evidence: Evidence,
  window: Window,
  differencesBase: number,
  windowMs = window.widthMs,
  noise = false,
): Evidence {
  const tallies = window.copies.map((counts) => pairTally(counts, noise));
  const pairs = added(evidence.pairs, tallies, pairKey, addPairs);
  const requests = added(evidence.requests, window.lanes.map(requestTally), requestKey, addRequests);
  const cohorts = addCohorts(evidence.cohorts, window);
  const isNewest = evidence.windows === 0 || window.startMs >= evidence.newestMs;
  return {
    epoch: evidence.epoch,
    fromMs: evidence.windows === 0 ? window.startMs : Math.min(evidence.fromMs, window.startMs),
    toMs: Math.max(evidence.toMs, window.startMs + window.widthMs),
    windows: evidence.windows + 1,
    pairs,
    requests,
    legacyLately: isNewest ? byLegacy(window.lanes) : evidence.legacyLately,
    newestMs: isNewest ? window.startMs : evidence.newestMs,
    tests: testWindow(evidence.tests, tallies, differencesBase),
    drift: testWindow(evidence.drift, window.copies.flatMap(driftTally), differencesBase),
    bakes: bakeWindow(evidence.bakes, tallies),
    trips: window.widthMs > windowMs ? evidence.trips : firstTrips(evidence.trips, tripsIn(window)),
    ...(cohorts === undefined ? {} : { cohorts }),
  };
}

function byLegacy(lanes: readonly LaneCounts[]): number {
  return lanes.reduce(
    (sum, { lane, requests, fallbacks }) => sum + (lane === 'legacy' ? requests - fallbacks : fallbacks),
    0,
  );
}

function firstTrips(before: readonly Trip[], more: readonly Trip[]): readonly Trip[] {
  const known = new Set(before.map(({ region }) => region));
  return [...before, ...more.filter(({ region }) => !known.has(region))];
}

const NO_TRIPLES: Joint = { n: 0, plus: 0, minus: 0 };

function pairTally(counts: CopyCounts, noise: boolean): PairTally {
  const { route, region, direction, joint, writePairs, decisions, outcomes } = counts;
  const { dropped, too_large, candidate_saturated, sent } = decisions;
  return {
    route,
    region,
    direction,
    error: joint.error,
    difference: joint.difference,
    tail: joint.tail,
    ...(noise ? { unexplained: counts.noise?.unexplained ?? NO_TRIPLES } : {}),
    writePairs,
    sampled: dropped + too_large + candidate_saturated + sent,
    drawn: counts.drawn ?? { chosen: 0, left: 0 },
    missing: dropped + outcomes.diff_dropped,
  };
}

/** Legacy's second answers as if they were a candidate's. */
function driftTally(counts: CopyCounts): PairTally[] {
  const drift = counts.noise?.drift;
  if (drift === undefined) return [];
  const none = { difference: NO_TRIPLES, unexplained: NO_TRIPLES, writePairs: 0 };
  return [{ ...pairTally(counts, false), ...none, error: drift.error, tail: drift.tail }];
}

/** A write that nobody waited for has no pair that could tell of it. */
function requestTally(counts: LaneCounts): RequestTally {
  const { route, region, lane, requests, writes, bad, writeClasses } = counts;
  return { route, region, lane, requests, writes, bad: bad + (writeClasses?.[0] ?? 0) };
}

function pairKey({ route, region, direction }: PairTally): string {
  return `${direction}\n${region}\n${route}`;
}

function requestKey({ route, region, lane }: RequestTally): string {
  return `${lane}\n${region}\n${route}`;
}

function addPairs(left: PairTally, right: PairTally): PairTally {
  return {
    ...left,
    error: addJoint(left.error, right.error),
    difference: addJoint(left.difference, right.difference),
    tail: addJoint(left.tail, right.tail),
    ...(left.unexplained === undefined || right.unexplained === undefined
      ? {}
      : { unexplained: addJoint(left.unexplained, right.unexplained) }),
    writePairs: left.writePairs + right.writePairs,
    sampled: left.sampled + right.sampled,
    drawn: {
      chosen: left.drawn.chosen + right.drawn.chosen,
      left: left.drawn.left + right.drawn.left,
    },
    missing: left.missing + right.missing,
  };
}

function addRequests(left: RequestTally, right: RequestTally): RequestTally {
  return {
    ...left,
    requests: left.requests + right.requests,
    writes: left.writes + right.writes,
    bad: left.bad + right.bad,
  };
}

/** Adds two joint outcomes. */
function addJoint(left: Joint, right: Joint): Joint {
  return { n: left.n + right.n, plus: left.plus + right.plus, minus: left.minus + right.minus };
}

/** Both lists as one, in the order of their keys: the same counts are the same text, whatever came first. */
function added<T>(
  before: readonly T[],
  more: readonly T[],
  keyOf: (item: T) => string,
  add: (left: T, right: T) => T,
): T[] {
  const sums = new Map<string, T>();
  for (const item of [...before, ...more]) {
    const key = keyOf(item);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? item : add(sum, item));
  }
  return [...sums].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
}
