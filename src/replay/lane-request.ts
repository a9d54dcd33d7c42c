import { hash32 } from '../core/hash.ts';
import { HeaderFields } from '../core/headers.ts';
import { isSafeMethod } from '../core/methods.ts';
import type { Lane } from '../core/snapshot.ts';
import { COPY_MARKER, ineligibleBecause } from '../shadow/eligibility.ts';
import type { CapturedRequest } from './capture/types.ts';
import type { LaneRequest } from './lane.ts';
import type { Skipped } from './result.ts';
import { headerOf } from './session.ts';

/** Fields that make a request conditional (RFC 9110, section 13.1). */
const VALIDATORS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'];

/** What is decided about all requests of a replay at once. */
export interface RequestPolicy {
  /** Requests that may change something are sent, too: to both lanes. */
  readonly writes: boolean;
  /** Sent where the capture knows no host. */
  readonly fallbackHost: string;
  /** Sent instead of every captured host, or null. */
  readonly host: string | null;
  readonly seed: number;
}

/** Why a request of the capture is not sent, or null. */
export function skippedBecause(request: CapturedRequest, { writes }: RequestPolicy): Skipped | null {
  const { method, headers, upgrade, expectsContinue, body } = request;
  const fields = new HeaderFields([...headers]);
  const marked = fields.has(COPY_MARKER);
  const copyWrites = writes && method !== 'CONNECT' && method !== 'TRACE';
  const reason = ineligibleBecause({ method, fields, upgrade, expectsContinue, marked, copyWrites });
  if (reason !== null) return reason as Skipped;
  return body === null && !isSafeMethod(method) ? 'body_unknown' : null;
}

/** The name of one request of a replay: the same in every run with the seed. */
export function requestIdOf(seed: number, ordinal: number): string {
  const tail = hash32(`replay ${ordinal}`, seed).toString(16).padStart(8, '0');
  return `replay-${ordinal + 1}-${tail}`;
}

/** Whether 304 and 200 may both be right answers to it. */
export function isConditional(request: CapturedRequest): boolean {
  return VALIDATORS.some((name) => headerOf(request, name) !== null);
}

/**
 * A captured request as it goes to one lane: both get the same, but for the key that makes a write happen once. It was
 * used when the capture was made, and lanes that share a store would take the second one for a repetition.
 */
export function laneRequestOf(
  lane: Lane,
  request: CapturedRequest,
  requestId: string,
  { host, fallbackHost }: RequestPolicy,
): LaneRequest {
  const { method, target, headers, body, clientAddress } = request;
  const fields = new HeaderFields([...headers]);
  fields.set('X-Request-Id', requestId);
  if (clientAddress !== '' && !fields.has('x-forwarded-for')) fields.append('X-Forwarded-For', clientAddress);
  const key = fields.get('idempotency-key');
  if (key !== undefined) fields.set('Idempotency-Key', `${key}-${requestId}-${lane}`);
  return {
    method,
    target,
    host: host ?? (request.host || fallbackHost),
    headers: fields.flat(),
    body: body ?? Buffer.alloc(0),
  };
}
