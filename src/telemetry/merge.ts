import { mergeEncoded } from './histogram.ts';
import { noNoise } from './noise-cell.ts';
import type { CopyCounts, Joint, LaneCounts, NoiseCounts, PairMetric, Window } from './types.ts';

/** Sums records of numbers key by key. */
export function sumRecords<R extends Readonly<Partial<Record<string, number>>>>(records: readonly R[]): R {
  const sum: Record<string, number> = {};
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) sum[key] = (sum[key] ?? 0) + (value ?? 0);
  }
  return sum as R;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...Map.groupBy(items, keyOf).values()];
}

function total<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((sum, item) => sum + pick(item), 0);
}

function mergeLane(same: readonly LaneCounts[]): LaneCounts {
  const [first] = same as [LaneCounts, ...LaneCounts[]];
  if (same.length === 1) return first;
  return {
    ...first,
    requests: total(same, (counts) => counts.requests),
    bad: total(same, (counts) => counts.bad),
    abandoned: total(same, (counts) => counts.abandoned),
    writes: total(same, (counts) => counts.writes),
    fallbacks: total(same, (counts) => counts.fallbacks),
    failures: sumRecords(same.map((counts) => counts.failures)),
    statusClasses: [0, 1, 2, 3, 4, 5].map((index) =>
      total(same, (counts) => counts.statusClasses[index] ?? 0),
    ),
    writeClasses: [0, 1, 2, 3, 4, 5].map((index) =>
      total(same, (counts) => counts.writeClasses?.[index] ?? 0),
    ),
    bytesIn: total(same, (counts) => counts.bytesIn),
    bytesOut: total(same, (counts) => counts.bytesOut),
    latency: mergeEncoded(same.map((counts) => counts.latency)),
  };
}

/** One entry per route, region and lane. */
export function mergeLanes(lanes: readonly LaneCounts[]): LaneCounts[] {
  return grouped(lanes, (counts) => `${counts.route}\n${counts.region}\n${counts.lane}`).map(mergeLane);
}

function mergeJoint(same: readonly CopyCounts[], metric: PairMetric): Joint {
  return sumJoints(same.map(({ joint }) => joint[metric]));
}

function sumJoints(joints: readonly Joint[]): Joint {
  return {
    n: total(joints, ({ n }) => n),
    plus: total(joints, ({ plus }) => plus),
    minus: total(joints, ({ minus }) => minus),
  };
}

function withDrawn(lots: readonly { chosen: number; left: number }[]): Pick<CopyCounts, 'drawn'> {
  if (lots.length === 0) return {};
  return { drawn: { chosen: total(lots, ({ chosen }) => chosen), left: total(lots, ({ left }) => left) } };
}

/**
 * Adds copies of one route, region and direction. `pending` is a level and is added too: the caller passes
 * either one entry per worker, or entries of which only the last of each worker has it.
 */
function mergeCopy(same: readonly CopyCounts[]): CopyCounts {
  const [first] = same as [CopyCounts, ...CopyCounts[]];
  if (same.length === 1) return first;
  return {
    ...first,
    eligible: total(same, (counts) => counts.eligible),
    decisions: sumRecords(same.map((counts) => counts.decisions)),
    outcomes: sumRecords(same.map((counts) => counts.outcomes)),
    joint: {
      error: mergeJoint(same, 'error'),
      difference: mergeJoint(same, 'difference'),
      tail: mergeJoint(same, 'tail'),
    },
    ignoredPairs: total(same, (counts) => counts.ignoredPairs),
    ignored: sumRecords(same.map((counts) => counts.ignored)),
    writePairs: total(same, (counts) => counts.writePairs),
    ...withDrawn(same.flatMap(({ drawn }) => drawn ?? [])),
    pending: total(same, (counts) => counts.pending),
    rateCapped: total(same, (counts) => counts.rateCapped),
    failures: sumRecords(same.map((counts) => counts.failures)),
    excluded: total(same, (counts) => counts.excluded),
    answeredByFilter: total(same, (counts) => counts.answeredByFilter),
    neverSent: total(same, (counts) => counts.neverSent),
    copyLatency: mergeEncoded(same.map((counts) => counts.copyLatency)),
    originalLatency: mergeEncoded(same.map((counts) => counts.originalLatency)),
    ...withNoise(mergeNoise(same.flatMap(({ noise }) => noise ?? []))),
  };
}

/** Adds noise legs, levels too; undefined for none. */
export function mergeNoise(legs: readonly NoiseCounts[]): NoiseCounts | undefined {
  if (legs.length < 2) return legs[0];
  return {
    chosen: total(legs, (noise) => noise.chosen),
    dropped: total(legs, (noise) => noise.dropped),
    sent: total(legs, (noise) => noise.sent),
    outcomes: sumRecords(legs.map((noise) => noise.outcomes)),
    pending: total(legs, (noise) => noise.pending),
    unexplained: sumJoints(legs.map(({ unexplained }) => unexplained)),
    ...withDrift(legs.flatMap(({ drift }) => drift ?? [])),
  };
}

function withDrift(drifts: readonly { error: Joint; tail: Joint }[]): Pick<NoiseCounts, 'drift'> {
  if (drifts.length === 0) return {};
  const [error, tail] = [drifts.map((drift) => drift.error), drifts.map((drift) => drift.tail)];
  return { drift: { error: sumJoints(error), tail: sumJoints(tail) } };
}

function withNoise(noise: NoiseCounts | undefined): Pick<CopyCounts, 'noise'> {
  return noise === undefined ? {} : { noise };
}

/** The same counts with other levels: copies and noise legs that were sent and not concluded. */
export function withPending(counts: CopyCounts, pending: number, pendingLegs: number): CopyCounts {
  const { noise } = counts;
  if (noise === undefined && pendingLegs === 0) return { ...counts, pending };
  return { ...counts, pending, noise: { ...(noise ?? noNoise()), pending: pendingLegs } };
}

/** One entry per route, region and direction. */
export function mergeCopies(copies: readonly CopyCounts[]): CopyCounts[] {
  return grouped(copies, (counts) => `${counts.route}\n${counts.region}\n${counts.direction}`).map(mergeCopy);
}

/**
 * Several windows as one wider window: counts and histograms are added, `pending` is that of the last.
 * @param windows at least one, of one epoch, in time order
 */
export function mergeWindows(windows: readonly Window[]): Window {
  const [first] = windows as [Window, ...Window[]];
  const last = windows[windows.length - 1] as Window;
  const copies = windows.flatMap((window) =>
    window === last ? window.copies : window.copies.map((counts) => withPending(counts, 0, 0)),
  );
  return {
    id: first.id,
    startMs: first.startMs,
    widthMs: last.startMs + last.widthMs - first.startMs,
    epoch: first.epoch,
    keeper: first.keeper,
    incarnations: [...new Set(windows.flatMap((window) => window.incarnations))],
    lanes: mergeLanes(windows.flatMap((window) => window.lanes)),
    copies: mergeCopies(copies),
    ineligible: sumRecords(windows.map((window) => window.ineligible)),
    edge: sumRecords(windows.map((window) => window.edge)),
  };
}

/** Copies and noise legs that nobody will conclude any more, as counts: lost evidence, nothing else. */
export function concludedAsLost(of: CopyCounts, lost: number, lostLegs: number): CopyCounts {
  const zero = <K extends string>(record: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(Object.keys(record).map((key) => [key, 0])) as Record<K, number>;
  const none = { n: 0, plus: 0, minus: 0 };
  const { route, region, direction } = of;
  return {
    route,
    region,
    direction,
    eligible: 0,
    decisions: zero(of.decisions),
    outcomes: { ...zero(of.outcomes), diff_dropped: lost },
    pending: 0,
    rateCapped: 0,
    failures: {},
    excluded: 0,
    answeredByFilter: 0,
    neverSent: 0,
    joint: { error: none, difference: none, tail: none },
    ignoredPairs: 0,
    ignored: {},
    writePairs: 0,
    copyLatency: '',
    originalLatency: '',
    ...withNoise(lostLegs === 0 ? undefined : legsLost(lostLegs)),
  };
}

function legsLost(lost: number): NoiseCounts {
  const none = noNoise();
  return { ...none, outcomes: { ...none.outcomes, diff_dropped: lost } };
}
