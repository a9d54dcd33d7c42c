import type { Direction } from '../../core/snapshot.ts';
import type { MethodClass } from '../../telemetry/cohort-types.ts';
import type { Position } from '../state.ts';

/** What a gate says, in the order in which it is asked: the first that holds is the answer. */
export const VERDICTS = ['abort', 'invalid', 'ready', 'inconclusive', 'hold'] as const;
export type GateVerdict = (typeof VERDICTS)[number];

/** The metrics that are gated. */
export const METRICS = ['errorRate', 'tail', 'differences'] as const;
export type Metric = (typeof METRICS)[number];

/** Why a metric or a whole gate says what it says: stable names for scripts. */
export const REASONS = [
  'BREAKER',
  'PROVEN_WORSE',
  'BECAME_WORSE',
  'COVERAGE',
  'SAMPLING_SKEW',
  'DRIFT',
  'STALE',
  'CLOCK',
  'PROVEN',
  'CARRIED_OVER',
  'WATCHED',
  'MAX_DURATION',
  'NO_PAIRS',
  'MIN_PAIRS',
  'NOT_PROVEN',
  'DWELL',
  'BAKE',
  'CANARY_REQUESTS',
  'CANARY_DIFFERENCES',
  'ANSWERS',
  'ANOTHER_CANDIDATE',
  'UNPROVEN_ROUTE',
  'NO_TRAFFIC',
  'LEGACY_SERVES',
  'WITHDRAWN',
  'SIEM_ALERTS',
  'SIEM_ODD',
  'SIEM_EARLY',
  'BYPASSED',
  'AT_END',
] as const;
export type GateReason = (typeof REASONS)[number];

/** One metric of one direction, in one region or in all: the line that says why. */
export interface MetricLine {
  readonly metric: Metric;
  /** Null: users of the cohorts instead of pairs; then `n`, `plus` and `minus` count users. */
  readonly direction: Direction | null;
  /** Null: all regions together. */
  readonly region: string | null;
  /** Pairs; of these, only the candidate was bad; only legacy was. */
  readonly n: number;
  readonly plus: number;
  readonly minus: number;
  /** Excess of the candidate, a fraction; null without pairs. */
  readonly estimate: number | null;
  /** 95 % confidence sequence of the excess: it holds however often it is looked at. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Tolerated excess, a fraction. */
  readonly margin: number;
  /** Natural logarithm of the evidence that the excess is below the margin, now; and what is needed of it. */
  readonly logAdvance: number;
  /** Null: this phase asks for no proof here. */
  readonly needAdvance: number | null;
  /**
   * The same for the evidence, window by window, that the candidate is worse: the largest so far in this epoch. Over all
   * of its windows, and over those since it last began anew: a long good past does not pay for today.
   */
  readonly logAbort: number;
  readonly needAbort: number;
  readonly logAlarm: number;
  readonly needAlarm: number;
  /** Of an abort, the route that speaks against the candidate most; null: there is no other, or no abort. */
  readonly culprit: string | null;
  readonly verdict: GateVerdict;
  readonly reason: GateReason;
  /** Seconds until the proof, if pairs go on as they came; null when they would not prove it, or nobody knows. */
  readonly etaS: number | null;
}

/** Something besides the metrics that has to be so. */
export const REQUIREMENTS = [
  'breaker',
  'coverage',
  'skew',
  'drift',
  'freshness',
  'clock',
  'dwell',
  'bake',
  'canary',
  'answers',
  'proven',
  'routes',
  'traffic',
  'regions',
  'legacy',
  'siem',
] as const;

export interface Requirement {
  readonly name: (typeof REQUIREMENTS)[number];
  readonly met: boolean;
  readonly reason: GateReason;
  /** One sentence with its numbers. */
  readonly message: string;
  readonly etaS: number | null;
}

/** How much of the traffic the evidence speaks for. */
export interface CoverageRow {
  readonly route: string;
  readonly critical: boolean;
  readonly methods: MethodClass;
  /** Requests of clients, both lanes. */
  readonly requests: number;
  /** Of all requests of the epoch. */
  readonly share: number;
  /** Pairs that are evidence. */
  readonly pairs: number;
  /** Users of both cohorts who asked for what cannot be paired; not there without any. */
  readonly users?: number | undefined;
  readonly by: 'pairs' | 'cohort' | 'unproven';
}

/** What an abort does: the whole rollout goes back, or one region alone. Null: nothing is left to take back. */
export interface GateAction {
  readonly to: Position;
  /** Null: the whole rollout. */
  readonly region: string | null;
}

/** The gates of a position, evaluated: what `status`, `gate`, `plan` and `advance` are made of. */
export interface GateReport {
  readonly verdict: GateVerdict;
  readonly reason: GateReason;
  /** One sentence: why. */
  readonly message: string;
  readonly phase: Position['phase'];
  readonly step: number;
  /** Region of the step, or null outside of `regional`. */
  readonly region: string | null;
  readonly epoch: number;
  /** Where `advance` would go, or null at the end. */
  readonly next: Position | null;
  /** A person must agree before it moves on. */
  readonly approval: boolean;
  /** It moves on by itself: at once when it is ready, or when a person agreed. */
  readonly automatic: boolean;
  readonly action: GateAction | null;
  /** The windows looked at: milliseconds since the Unix epoch, end exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly windows: number;
  readonly metrics: readonly MetricLine[];
  readonly requirements: readonly Requirement[];
  readonly coverage: readonly CoverageRow[];
  /** Pairs a second over the windows; null before the first. */
  readonly pairsPerSecond: number | null;
  /** Seconds until `ready` if everything goes on as it does; 0 when ready; null when it would not become ready. */
  readonly etaS: number | null;
  /** SHA-256 of the counts that were looked at: the same in the history of what was decided on them. */
  readonly evidenceHash: string;
}
