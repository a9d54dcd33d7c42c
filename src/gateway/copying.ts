// HOT: decided once per request, before it is forwarded.
import { hash32 } from '../core/hash.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { CopyDecision } from '../core/observation.ts';
import { ineligibleBecause, isMarked } from '../shadow/eligibility.ts';
import type { Copy } from '../shadow/copy.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { Arrival } from './arrival.ts';
import type { Assignment } from './assignment.ts';
import type { LaneRequestSource } from './lane-request.ts';
import type { Runtime } from './runtime.ts';

/** Another order of the same keys than the shares use: who is copied must not depend on who was shifted. */
const SAMPLING_SALT = hash32('sampling');

/** Positions of users in the sample, as 32-bit hashes. */
const POSITIONS = 4_294_967_296;

/** Users are told apart by this half of their hash, too: the first one decides their lot. */
const SECOND_HALF = hash32('sampled user');

/** Fields that make a request conditional (RFC 9110, section 13.1). */
const VALIDATORS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'];

const NO_RULES: readonly DifferenceRule[] = [];

/** Where the client sent its request, as both lanes are told; null for one without a host. */
function originOf(host: string, { via, scheme }: Arrival): string | null {
  const name = via.host || host;
  return name === '' ? null : `${via.proto || scheme}://${name}`;
}

/** A request whose copy is decided about. */
export interface CopySource extends LaneRequestSource {
  readonly runtime: Runtime;
  readonly assignment: Assignment;
  /** As they go to the lane that is asked first. */
  readonly fields: HeaderFields;
}

/** What becomes of the copy of one request. */
interface CopyPlan {
  readonly decision: CopyDecision | null;
  readonly copy: Copy | null;
}

/**
 * Decides about the copy of one request: eligible or why not, sampled by a stable hash of the user (or of the request
 * where no user is known) or not. The decision `sent` of the plan is final only when the copy leaves.
 */
export function planCopy(exchange: CopySource): CopyPlan {
  const { runtime, assignment, inbound, arrival } = exchange;
  if (runtime.snapshot.rollout.bypass) return { decision: 'ineligible_bypass', copy: null };
  if (assignment.copyShare === 0) return { decision: 'ineligible_phase', copy: null };
  const { head } = inbound;
  const reason = ineligibleBecause({
    method: head.method,
    fields: head.fields,
    upgrade: head.upgrade,
    expectsContinue: head.expectsContinue,
    marked: isMarked(head.fields),
    copyWrites: exchange.matched?.config.copyWrites ?? false,
  });
  if (reason !== null) return { decision: `ineligible_${reason}`, copy: null };
  const cell = runtime.book.copyCell(exchange.route, arrival.region, assignment.direction);
  const salt = runtime.snapshot.rollout.salt ^ SAMPLING_SALT;
  const high = hash32(arrival.userKey ?? arrival.requestId, salt);
  const sampled = high / POSITIONS < assignment.copyShare;
  if (arrival.userKey === null) cell.draw(sampled);
  else if (assignment.direction === 'shadow' && assignment.copyShare < 1)
    runtime.book.sample.note(high, hash32(arrival.userKey, salt ^ SECOND_HALF), sampled);
  if (!sampled || !runtime.rateCap.take()) {
    if (sampled) cell.capRate();
    else cell.decide('not_sampled');
    return { decision: 'not_sampled', copy: null };
  }
  // One with a body is decided about when it is complete: it may be too large, or given up by its client.
  const refusal =
    head.framing === 'none' ? runtime.mirror.refusal(assignment.direction, exchange.route) : null;
  if (refusal !== null) {
    runtime.mirror.refuse(cell, refusal, head.method);
    return { decision: refusal, copy: null };
  }
  const subject = {
    requestId: arrival.requestId,
    direction: assignment.direction,
    epoch: runtime.snapshot.rollout.epoch,
    revision: runtime.snapshot.revision,
    route: exchange.route,
    region: arrival.region,
    endpoint: runtime.endpoints.endpoint(head.method, head.path, exchange.matched?.templates),
    method: head.method,
    target: head.target,
    host: head.host,
    fields: exchange.fields,
    origin: originOf(head.host, arrival),
    conditional: VALIDATORS.some((name) => head.fields.has(name)),
    rules: runtime.snapshot.config.rules ?? NO_RULES,
  };
  const tauUs = runtime.snapshot.rollout.tauUs[exchange.route];
  return { decision: 'sent', copy: runtime.mirror.begin(subject, cell, tauUs) };
}
