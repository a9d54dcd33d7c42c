import type { Direction, Lane } from '../core/snapshot.ts';
import { summariseLatency } from './histogram.ts';
import type { LatencySummary } from './histogram.ts';
import { mergeNoise, sumRecords } from './merge.ts';
import type {
  CopyCounts,
  FailureCounts,
  Joint,
  LaneCounts,
  NoiseCounts,
  PairMetric,
  Window,
} from './types.ts';

export interface LaneSummary {
  readonly requests: number;
  readonly bad: number;
  readonly abandoned: number;
  readonly failures: FailureCounts;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly latency: LatencySummary;
}

/** The accounting of one direction; `sampled` is what is not `notSampled`. */
export interface PairSummary {
  readonly eligible: number;
  readonly notSampled: number;
  readonly dropped: number;
  readonly tooLarge: number;
  readonly candidateSaturated: number;
  readonly sent: number;
  readonly compared: number;
  readonly shadowFailed: number;
  readonly timedOut: number;
  readonly clientAborted: number;
  readonly responseTooLarge: number;
  readonly diffDropped: number;
  readonly pending: number;
  readonly rateCapped: number;
  readonly failures: FailureCounts;
  readonly excluded: number;
  readonly answeredByFilter: number;
  readonly neverSent: number;
  /** Of `compared`: nothing differs in them but what rules hide. */
  readonly ignoredPairs: number;
  /** Pairs in which a rule hid something, by rule. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly joint: Readonly<Record<PairMetric, Joint>>;
  /** Null without noise legs. */
  readonly noise: NoiseCounts | null;
  readonly copyLatency: LatencySummary;
  readonly originalLatency: LatencySummary;
}

/** Windows in one glance. */
export interface Summary {
  readonly fromMs: number;
  readonly toMs: number;
  readonly windows: number;
  readonly lanes: Readonly<Record<Lane, LaneSummary>>;
  readonly pairs: Readonly<Record<Direction, PairSummary>>;
  /** Service time of each lane over the pairs of both directions: the same requests on both. */
  readonly pairLatency: Readonly<Record<Lane, LatencySummary>>;
  /** By region: requests of both lanes, and those the candidate was asked. */
  readonly regions: Readonly<
    Record<string, { readonly requests: number; readonly candidateRequests: number }>
  >;
  readonly ineligible: Readonly<Record<string, number>>;
  readonly edge: Readonly<Record<string, number>>;
}

function total<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((sum, item) => sum + pick(item), 0);
}

function laneSummary(counts: readonly LaneCounts[]): LaneSummary {
  return {
    requests: total(counts, (lane) => lane.requests),
    bad: total(counts, (lane) => lane.bad),
    abandoned: total(counts, (lane) => lane.abandoned),
    failures: sumRecords(counts.map((lane) => lane.failures)),
    bytesIn: total(counts, (lane) => lane.bytesIn),
    bytesOut: total(counts, (lane) => lane.bytesOut),
    latency: summariseLatency(counts.map((lane) => lane.latency)),
  };
}

function jointOf(copies: readonly CopyCounts[], metric: PairMetric): Joint {
  return {
    n: total(copies, (counts) => counts.joint[metric].n),
    plus: total(copies, (counts) => counts.joint[metric].plus),
    minus: total(copies, (counts) => counts.joint[metric].minus),
  };
}

function pairSummary(copies: readonly CopyCounts[]): PairSummary {
  const decided = (key: keyof CopyCounts['decisions']) => total(copies, (counts) => counts.decisions[key]);
  const ended = (key: keyof CopyCounts['outcomes']) => total(copies, (counts) => counts.outcomes[key]);
  return {
    eligible: total(copies, (counts) => counts.eligible),
    notSampled: decided('not_sampled'),
    dropped: decided('dropped'),
    tooLarge: decided('too_large'),
    candidateSaturated: decided('candidate_saturated'),
    sent: decided('sent'),
    compared: ended('compared'),
    shadowFailed: ended('shadow_failed'),
    timedOut: ended('timed_out'),
    clientAborted: ended('client_aborted'),
    responseTooLarge: ended('response_too_large'),
    diffDropped: ended('diff_dropped'),
    pending: total(copies, (counts) => counts.pending),
    rateCapped: total(copies, (counts) => counts.rateCapped),
    failures: sumRecords(copies.map((counts) => counts.failures)),
    excluded: total(copies, (counts) => counts.excluded),
    answeredByFilter: total(copies, (counts) => counts.answeredByFilter),
    neverSent: total(copies, (counts) => counts.neverSent),
    ignoredPairs: total(copies, (counts) => counts.ignoredPairs),
    ignored: sumRecords(copies.map((counts) => counts.ignored)),
    joint: {
      error: jointOf(copies, 'error'),
      difference: jointOf(copies, 'difference'),
      tail: jointOf(copies, 'tail'),
    },
    noise: mergeNoise(copies.flatMap(({ noise }) => noise ?? [])) ?? null,
    copyLatency: summariseLatency(copies.map((counts) => counts.copyLatency)),
    originalLatency: summariseLatency(copies.map((counts) => counts.originalLatency)),
  };
}

/** In a reverse pair the copy is legacy's. */
function pairLatency(copies: readonly CopyCounts[], lane: Lane): LatencySummary {
  return summariseLatency(
    copies.map(({ direction, copyLatency, originalLatency }) =>
      (direction === 'shadow') === (lane === 'candidate') ? copyLatency : originalLatency,
    ),
  );
}

function regionsOf(lanes: readonly LaneCounts[]): Summary['regions'] {
  const regions: Record<string, { requests: number; candidateRequests: number }> = {};
  for (const { region, lane, requests } of lanes) {
    const entry = (regions[region] ??= { requests: 0, candidateRequests: 0 });
    entry.requests += requests;
    if (lane === 'candidate') entry.candidateRequests += requests;
  }
  return regions;
}

/** Summarises one window, however wide; null is the summary of nothing. */
export function summarise(window: Window | null): Summary {
  const lanes = window?.lanes ?? [];
  const copies = window?.copies ?? [];
  return {
    fromMs: window?.startMs ?? 0,
    toMs: window === null ? 0 : window.startMs + window.widthMs,
    windows: window === null ? 0 : 1,
    lanes: {
      legacy: laneSummary(lanes.filter((counts) => counts.lane === 'legacy')),
      candidate: laneSummary(lanes.filter((counts) => counts.lane === 'candidate')),
    },
    pairs: {
      shadow: pairSummary(copies.filter((counts) => counts.direction === 'shadow')),
      reverse: pairSummary(copies.filter((counts) => counts.direction === 'reverse')),
    },
    pairLatency: { legacy: pairLatency(copies, 'legacy'), candidate: pairLatency(copies, 'candidate') },
    regions: regionsOf(lanes),
    ineligible: { ...window?.ineligible },
    edge: { ...window?.edge },
  };
}
