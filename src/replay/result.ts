import type { Difference } from '../core/observation.ts';
import type { RuleHits } from '../core/rules.ts';
import { UNREADABLE } from './capture/types.ts';

/** Why a request that was read is not sent. */
export const SKIPPED = [
  ...UNREADABLE,
  'method',
  'body_unknown',
  'marked',
  'upgrade',
  'expect',
  'range',
  'interrupted',
] as const;
/**
 * What the capture cannot give (see `Unreadable`), and what is not sent though it was understood:
 * - `method`: it may change something, and nobody allowed that; `body_unknown`: allowed, but a log knows no body;
 * - `marked`: it was a copy of Cutover itself; `upgrade`, `expect`, `range` cannot be compared;
 * - `interrupted`: read ahead, and the replay was ended before its turn.
 */
export type Skipped = (typeof SKIPPED)[number];

/** What became of a request that was sent to both lanes. */
export const REPLAY_OUTCOMES = [
  'compared',
  'candidate_failed',
  'candidate_timed_out',
  'legacy_failed',
  'legacy_timed_out',
  'both_failed',
  'response_too_large',
  'diff_dropped',
  'interrupted',
] as const;
/** All but `compared` are losses; the first two are held against the candidate, the others are missing evidence. */
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number];

/** One class of differences, with the first pair of the capture that showed it. */
export interface ReplayClass {
  /** The fingerprint: the same class has the same id in every report and in the gateway. */
  readonly id: string;
  readonly endpoint: string;
  readonly kind: Difference['kind'];
  readonly path: string;
  /** Pairs that showed it. */
  count: number;
  example: ReplayExample;
}

export interface ReplayExample {
  /** Line of the log, record or entry of the capture it was made from, from 1. */
  readonly line: number;
  readonly requestId: string;
  readonly method: string;
  /** Masked. */
  readonly target: string;
  readonly legacy: string | null;
  readonly candidate: string | null;
}

/** Counts of one endpoint. */
export interface EndpointCounts {
  sent: number;
  judged: number;
  differing: number;
}

/** What is known about one pair when it is over. */
export interface PairEnd {
  readonly outcome: ReplayOutcome;
  /** The pair says something about the candidate: both answers were compared, or the candidate gave none. */
  readonly judged: boolean;
  readonly differences: readonly Difference[];
  /** It differs to the candidate's disadvantage; its status does. */
  readonly differs: boolean;
  readonly statusDiffers: boolean;
  readonly improvedOnly: boolean;
  /** What rules hid. */
  readonly ignored: readonly RuleHits[];
  /** Status of each lane, or the code of its failure; '' for a lane that was not heard out. */
  readonly legacy: string;
  readonly candidate: string;
  /** Service times, microseconds; -1 where nothing was measured. */
  readonly legacyUs: number;
  readonly candidateUs: number;
}

/** Everything a replay counts; sums hold at every moment. */
export interface ReplayCounts {
  /** Records that stand for requests: sent, or skipped by kind. */
  read: number;
  sent: number;
  readonly skipped: Record<Skipped, number>;
  /** `sent` by what became of it. */
  readonly outcomes: Record<ReplayOutcome, number>;
  judged: number;
  differing: number;
  statusDiffering: number;
  improved: number;
  /** Judged pairs in which nothing differs but what rules hide: they are no agreement. */
  ignored: number;
  /** Differences beyond `LIMITS.replayClasses` classes. */
  otherClasses: number;
}
