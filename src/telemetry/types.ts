import type { FailureCode } from '../core/errors.ts';
import type { CopyDecision, Difference, DifferenceKind, Ineligible, Outcome } from '../core/observation.ts';
import type { Direction, Lane } from '../core/snapshot.ts';
import type { CohortDelta, WindowCohorts } from './cohort-types.ts';
import type { Denial } from './denials.ts';
import type { WorkerTallies } from './tallies.ts';

/** Failures by their code. */
export type FailureCounts = Readonly<Partial<Record<FailureCode, number>>>;

/** What is told apart in lane counters. */
export interface LaneKey {
  readonly route: string;
  readonly region: string;
  readonly lane: Lane;
}

/** Answers of one lane to clients, since the previous delta. */
export interface LaneCounts extends LaneKey {
  readonly requests: number;
  /** Status ≥ 500, failures answered for the lane, timeouts. */
  readonly bad: number;
  /** Of `requests`: the client gave up before the answer was complete. Never bad by itself. */
  readonly abandoned: number;
  /** Of `requests`: methods other than GET, HEAD and OPTIONS. */
  readonly writes: number;
  /** Of `requests`: the other lane answered, because this one failed. */
  readonly fallbacks: number;
  /** Failures of the lane by code, whether answered by a fallback or not. */
  readonly failures: FailureCounts;
  /** By status class, index 1 to 5; index 0 counts those without a status. */
  readonly statusClasses: readonly number[];
  /** Of `statusClasses`: those of `writes`. Not there in windows that were stored before it was counted. */
  readonly writeClasses?: readonly number[] | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Service time in microseconds, written by `encodeHistogram`; '' when nothing was recorded. */
  readonly latency: string;
}

export interface PairKey {
  readonly route: string;
  readonly region: string;
  readonly direction: Direction;
}

/** The metrics that are counted on pairs. */
export const PAIR_METRICS = ['error', 'difference', 'tail'] as const;
export type PairMetric = (typeof PAIR_METRICS)[number];

/** Joint outcome of pairs: `plus`, only the candidate was bad; `minus`, only legacy. */
export interface Joint {
  readonly n: number;
  readonly plus: number;
  readonly minus: number;
}

/** Fate of the copies of one route, region and direction. The equations of the glossary hold over these. */
export interface CopyCounts extends PairKey {
  readonly eligible: number;
  readonly decisions: Readonly<Record<Exclude<CopyDecision, `ineligible_${Ineligible}`>, number>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Copies sent and not concluded at the moment of the delta: a level, not a difference. */
  readonly pending: number;
  /** Of `not_sampled`: in the sample, and over the cap on copies a second. */
  readonly rateCapped: number;
  /** Why copies failed or timed out, by code. */
  readonly failures: FailureCounts;
  /** Concluded, but no evidence: among the first pairs after a start. */
  readonly excluded: number;
  /** Of `sent`: answered by a filter of the candidate lane, so that no server saw it. */
  readonly answeredByFilter: number;
  /** Of `sent`: no byte could be sent to a server. */
  readonly neverSent: number;
  readonly joint: Readonly<Record<PairMetric, Joint>>;
  /** Of `outcomes.compared`: pairs in which nothing differs but what rules hide. They are no agreement. */
  readonly ignoredPairs: number;
  /** Pairs in which a rule hid something, by rule. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Of `joint.error.n`: methods other than GET, HEAD and OPTIONS. */
  readonly writePairs: number;
  /** Lots drawn request by request, because no user was known: in the sample, and not. Not there without any. */
  readonly drawn?: { readonly chosen: number; readonly left: number } | undefined;
  /** Service time of the copy, microseconds, encoded like {@link LaneCounts.latency}; and of its original. */
  readonly copyLatency: string;
  readonly originalLatency: string;
  /** Fate of the noise legs. Not there where no request was chosen for one. */
  readonly noise?: NoiseCounts | undefined;
}

/**
 * Fate of the noise legs: requests that legacy was asked again, so that its answer can be compared with its own.
 * chosen = dropped + sent; sent = the outcomes + pending.
 */
export interface NoiseCounts {
  readonly chosen: number;
  readonly dropped: number;
  readonly sent: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** A level, like {@link CopyCounts.pending}. */
  readonly pending: number;
  /**
   * Triples that are evidence: one request, answered by legacy, by the candidate and by legacy again. `plus`: the
   * candidate showed a class of differences that the second legacy answer did not; `minus`: the reverse. A candidate that
   * is no other than a second legacy would show both as often.
   */
  readonly unexplained: Joint;
  /** Legacy's second answer beside its first, as if it were the candidate's; not there where none was evidence. */
  readonly drift?: { readonly error: Joint; readonly tail: Joint } | undefined;
}

/** Differences of one class, since the previous delta. */
export interface ClassCounts {
  /** Fingerprint: SHA-256 of endpoint, direction-free kind and path, first 16 hex digits. */
  readonly id: string;
  readonly route: string;
  readonly endpoint: string;
  readonly kind: DifferenceKind;
  readonly path: string;
  readonly count: number;
  /** The first pair that showed it, when this worker had none yet. */
  readonly example: DifferenceExample | null;
  /** Smaller and later pairs that showed it, at the most one of each in a delta. */
  readonly examples?: Readonly<Partial<Record<'smallest' | 'latest', DifferenceExample>>> | undefined;
  /** Counts that are evidence, of `evidenceEpoch` alone. Not there when there was none. */
  readonly evidence?: ClassTallies | undefined;
}

/** Of two kinds of outcomes, how often only the candidate showed it, and how often only the second legacy answer. */
export interface Discordant {
  readonly plus: number;
  readonly minus: number;
}

/** Pairs and triples that showed one class. */
export interface ClassTallies {
  /** Pairs that are evidence and showed it. */
  readonly pairs: number;
  /** Triples that showed it: on the candidate's side alone, on legacy's own alone, on both. */
  readonly plus: number;
  readonly minus: number;
  readonly both: number;
  /** Service time of both lanes in those pairs, encoded like {@link LaneCounts.latency}. */
  readonly legacyLatency: string;
  readonly candidateLatency: string;
  /** What values did, where they differ: see `patternsOf`. */
  readonly patterns?: Readonly<Record<string, Discordant>> | undefined;
}

/** Pairs and triples of one endpoint that are evidence, whatever they showed. */
export interface EndpointCounts {
  readonly endpoint: string;
  readonly pairs: number;
  readonly triples: number;
}

export interface DifferenceExample {
  readonly requestId: string;
  readonly atMs: number;
  readonly direction: Direction;
  readonly epoch: number;
  readonly method: string;
  /** Path with its query, values masked. */
  readonly target: string;
  readonly difference: Difference;
  /** What else differed in this pair, at most `LIMITS.exampleDifferences`. Here and below: not there in older ones. */
  readonly others?: readonly Difference[] | undefined;
  /** Fields of the request as the lanes got them, name and value; the value masked unless it is known to be harmless. */
  readonly request?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly legacy?: ExampleAnswer | undefined;
  readonly candidate?: ExampleAnswer | undefined;
}

/** One answer of an example, without what it said. */
export interface ExampleAnswer {
  readonly status: number;
  /** Bytes of the body as received. */
  readonly bodyBytes: number;
  /** Request sent → last byte, microseconds; -1 when nothing was sent. */
  readonly totalUs: number;
}

/**
 * What one worker says once a second, one for each epoch that exchanges ran under. Counts are differences to the
 * previous delta, never totals.
 */
export interface TelemetryDelta {
  readonly incarnation: string;
  /** Counts up from 1 without a gap. */
  readonly sequence: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly epoch: number;
  readonly lanes: readonly LaneCounts[];
  readonly copies: readonly CopyCounts[];
  readonly ineligible: Readonly<Partial<Record<Ineligible, number>>>;
  readonly classes: readonly ClassCounts[];
  /** The epoch of all evidence in `classes` and `endpoints`; not there when there is none. */
  readonly evidenceEpoch?: number | undefined;
  readonly endpoints?: readonly EndpointCounts[] | undefined;
  /** Requests answered by neither lane, by code of the failure or `filter`. */
  readonly edge: Readonly<Record<string, number>>;
  /** Clients that were not let in, by reason. Not there without any. */
  readonly denials?: readonly Denial[] | undefined;
  /** Users of the cohorts. Not there where no share is compared, or nobody asked for what cannot be paired. */
  readonly cohorts?: CohortDelta | undefined;
  readonly gauges: WorkerGauges;
}

/** Levels of one worker at the moment of the delta. */
export interface WorkerGauges {
  readonly connections: number;
  readonly exchanges: number;
  /** Those of them that asked for another protocol or are a tunnel by now. */
  readonly tunnels: number;
  readonly copiesInFlight: number;
  readonly copyBytes: number;
  readonly diffQueue: number;
  readonly rssBytes: number;
  /** Event-loop delay, p99 over the last second, milliseconds. */
  readonly loopDelayMs: number;
  readonly accessLogDropped: number;
  /** Client connections that were not served, since the worker started. */
  readonly refused: { readonly limit: number; readonly dropped: number; readonly address: number };
  readonly tallies: WorkerTallies;
  readonly states: ConnectionStates;
  readonly upstreams: readonly UpstreamLevel[];
}

/** Client connections by what they are doing. */
export interface ConnectionStates {
  /** Between two requests, or before the first one. */
  readonly idle: number;
  /** A request head has begun and is not complete. */
  readonly head: number;
  readonly exchange: number;
  /** Told its end: what still arrives is dropped until the client closes. */
  readonly closing: number;
}

/** Connections to one upstream, of one use. */
export interface UpstreamLevel {
  readonly lane: Lane;
  readonly upstream: string;
  /** Copies have connections of their own. */
  readonly use: 'clients' | 'copies';
  readonly open: number;
  readonly active: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
  /** Its servers, and those that get no usual request: ejected, probing or unhealthy. */
  readonly servers: number;
  readonly serversOut: number;
  /** Totals since it was configured: ejections, requests made again, and those that the budget did not allow. */
  readonly ejections: number;
  readonly retries: number;
  readonly retriesDenied: number;
}

/** All workers over one window of `rollout.window` (10 s). Histograms are added, never averaged. */
export interface Window {
  /** floor(wall / width) */
  readonly id: number;
  readonly startMs: number;
  readonly widthMs: number;
  readonly epoch: number;
  /** Incarnation of the process that put the window together: a restart inside a window makes a second one. */
  readonly keeper: string;
  readonly incarnations: readonly string[];
  readonly lanes: readonly LaneCounts[];
  readonly copies: readonly CopyCounts[];
  readonly ineligible: Readonly<Partial<Record<Ineligible, number>>>;
  readonly edge: Readonly<Record<string, number>>;
  /** New users of the cohorts of each region. Not there without any. */
  readonly cohorts?: WindowCohorts | undefined;
}
