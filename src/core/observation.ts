import type { FailureCode } from './errors.ts';
import type { DifferenceRule, RuleHits } from './rules.ts';
import type { Direction, Lane, Phase } from './snapshot.ts';

/** What the gateway knows about one finished exchange: the input of the recorder and of the access log. */
export interface Observation {
  readonly requestId: string;
  readonly method: string;
  /** Normalised path, without the query. */
  readonly path: string;
  readonly host: string;
  readonly clientAddress: string;
  /** Who the certificate of the client says it is; absent: it has shown none. */
  readonly clientIdentity?: string | undefined;
  readonly route: string;
  readonly region: string;
  /** The lane that answered the client, or `edge` when a filter or the gateway itself did. */
  readonly answeredBy: Lane | 'edge';
  /** The lane that was asked first; differs from `answeredBy` after a fallback. */
  readonly assigned: Lane;
  /** A lane was asked at all; false when a filter at the edge answered, or the client left before. */
  readonly asked: boolean;
  readonly phase: Phase;
  readonly epoch: number;
  readonly revision: number;
  /** Status the client got; 0 when it got none. */
  readonly status: number;
  readonly failure: FailureCode | null;
  /** Whether the assigned lane's answer counts as bad: status ≥ 500, a failure answered for it, a timeout. */
  readonly bad: boolean;
  /** First byte of the request → last byte of the answer handed to the kernel, microseconds. */
  readonly durationUs: number;
  /**
   * Request sent to the assigned lane's server → last byte of its answer, or the client gave up waiting,
   * microseconds; -1 when nothing was sent.
   */
  readonly serviceUs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** What became of the decision to copy; null when nothing was decided (bypass, edge answer). */
  readonly copy: CopyDecision | null;
}

/** Why a request was not eligible for a copy. */
export const INELIGIBLE = [
  'method',
  'upgrade',
  'range',
  'event_stream',
  'grpc',
  'expect',
  'marked',
  'phase',
  'bypass',
  'edge_answer',
] as const;
export type Ineligible = (typeof INELIGIBLE)[number];

/** What was decided about the copy of one request, before it was sent. */
export type CopyDecision =
  | `ineligible_${Ineligible}`
  | 'not_sampled'
  | 'dropped'
  | 'too_large'
  | 'candidate_saturated'
  | 'sent';

/** What became of a copy that was sent. */
export const OUTCOMES = [
  'compared',
  'shadow_failed',
  'timed_out',
  'client_aborted',
  'response_too_large',
  'diff_dropped',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One answer as it was captured for comparison. */
export interface CapturedAnswer {
  /** HTTP status; 0 when there was none. */
  readonly status: number;
  /** name, value, name, value, … as received, hop-by-hop fields removed. */
  readonly fields: readonly string[];
  /** Body as received (still encoded); empty when over the limit. */
  readonly body: Uint8Array;
  /** Bytes of the body, whether kept or not. */
  readonly bodyBytes: number;
  /** SHA-256 of a body that was not kept, as hex; null when it was kept, or was too long to be hashed. */
  readonly bodyHash?: string | null;
  /** Request sent → first byte, and → last byte, microseconds. */
  readonly firstByteUs: number;
  readonly totalUs: number;
}

/** One exchange answered by both lanes. */
export interface Pair {
  readonly requestId: string;
  readonly direction: Direction;
  readonly epoch: number;
  readonly revision: number;
  readonly route: string;
  readonly region: string;
  /** Method and path template, `GET /users/{id}`. */
  readonly endpoint: string;
  readonly method: string;
  /** Normalised path with its query: diffed and masked, never stored as it is. */
  readonly target: string;
  /** Where the client sent it, `https://shop.example`: what relative redirects start from; absent: not known. */
  readonly origin?: string | null;
  /** The request carried a validator (If-None-Match, If-Modified-Since, …): 304 and 200 may both be right. */
  readonly conditional: boolean;
  /** The rules that held when the exchange began; absent: none. */
  readonly rules?: readonly DifferenceRule[];
  readonly legacy: CapturedAnswer;
  readonly candidate: CapturedAnswer;
}

/** The kinds of mismatch; the kind is part of a class, so that noise in a value never hides a missing field. */
export const DIFFERENCE_KINDS = [
  'status',
  'improved',
  'regressed',
  'denied',
  'admitted',
  'both_failed',
  'header_missing',
  'header_added',
  'header_value',
  'content_type',
  'redirect',
  'cookie',
  'encoding',
  'json_value',
  'json_type',
  'json_missing',
  'json_added',
  'json_length',
  'json_invalid',
  'json_limit',
  'body_text',
  'body_bytes',
  'body_mislabelled',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One mismatch found in one pair, masked and shortened: safe to store. */
export interface Difference {
  readonly kind: DifferenceKind;
  /**
   * `status` when both failed, else `status/LEGACY-CANDIDATE` (`status/200-500`; `none` is no answer), a lower-case header name,
   * `set-cookie/NAME` and `set-cookie/NAME/ATTRIBUTE`, `location/PART` for the part of a redirect that differs,
   * `body` for a body as a whole, `body/encoded` for two that could be compared as received only,
   * `body/html/head/title/#text` and `body/html/body/a/@href` for a place in HTML or XML, or a JSON Pointer (RFC 6901;
   * '' is the whole document) with array indices and ids folded to `*`.
   */
  readonly path: string;
  /** Value on each side, masked, at most `LIMITS.exampleChars`; null when absent there. */
  readonly legacy: string | null;
  readonly candidate: string | null;
}

/** What the diff thread says about one pair. */
export interface PairResult {
  readonly requestId: string;
  /** Differences kept, at most `LIMITS.differencesPerPair`. */
  readonly differences: readonly Difference[];
  /** Differences found, kept or not; those that rules hide are not among them. */
  readonly found: number;
  /** What rules hid, by rule. A pair in which nothing else was found is no pair that agrees. */
  readonly ignored: readonly RuleHits[];
  /** The only difference found is that the legacy failed and the candidate did not: nothing to hold against it. */
  readonly improvedOnly: boolean;
  /** Nothing was found, and the bodies could not be read: the pair does not agree, it is missing evidence. */
  readonly undecided?: true;
}
