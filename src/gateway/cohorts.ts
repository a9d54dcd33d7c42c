// HOT: most requests leave at the first line; one that cannot be paired costs two hashes and an entry in a buffer.
import { hash32 } from '../core/hash.ts';
import { isSafeMethod } from '../core/methods.ts';
import type { Observation } from '../core/observation.ts';
import type { RolloutView } from '../core/snapshot.ts';
import { ineligibleBecause, isMarked } from '../shadow/eligibility.ts';
import { isOfLane } from '../telemetry/book.ts';
import type { Book } from '../telemetry/book.ts';
import { OF_CANDIDATE, WAS_BAD } from '../telemetry/cohort-buffer.ts';
import type { Inbound } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import type { Assigner } from './assignment.ts';

/** Positions of one region's cohorts, as 32-bit hashes: candidate from 0, legacy from `share`, both so wide. */
interface Span {
  readonly share: number;
  readonly width: number;
}

const POSITIONS = 4_294_967_296;

/** The second half of a user's hash is independent of the first one, which is the position in the share. */
const SECOND_HALF = hash32('cohort');

/** A request as the cohorts need it. */
export interface CohortSource {
  readonly inbound: Inbound;
  readonly arrival: Arrival;
  readonly matched: { readonly config: { readonly copyWrites: boolean } } | null;
}

/**
 * Labels the users of a region in which the candidate answers a share: `candidate` for as many of its users as there are
 * in the cohort of `legacy`, the ones that the next larger share would take first. Labels change nothing about who is
 * answered by whom; they are those of the sticky share itself, so that users were drawn by lot and stay where they are.
 */
export class Cohorts {
  private readonly spans = new Map<string, Span>();
  private readonly salt: number;

  constructor({ phase, bypass, shares, salt }: RolloutView) {
    this.salt = salt;
    if (phase !== 'regional' || bypass) return;
    for (const [region, share] of Object.entries(shares)) {
      if (share > 0 && share < 1) {
        this.spans.set(region, { share: share * POSITIONS, width: Math.min(share, 1 - share) * POSITIONS });
      }
    }
  }

  /** Notes the answer to a request that cannot be paired, when its user is in a cohort. */
  note(source: CohortSource, seen: Observation, assigner: Assigner, book: Book): void {
    if (this.spans.size === 0) return;
    const span = this.spans.get(seen.region);
    if (span === undefined || !isOfLane(seen) || !isUnpaired(source, seen)) return;
    const { arrival, inbound } = source;
    const user = arrival.userKey ?? arrival.clientAddress;
    const high = hash32(user, this.salt);
    const isCandidate = high < span.width;
    if (!isCandidate && (high < span.share || high >= span.share + span.width)) return;
    // The canary's requests were drawn by nobody's lot, on either side.
    if (assigner.isCanary(arrival, inbound.head.host, inbound.head.fields)) return;
    const about = (isCandidate ? OF_CANDIDATE : 0) | (seen.bad ? WAS_BAD : 0);
    const low = hash32(user, this.salt ^ SECOND_HALF);
    const methods = isSafeMethod(seen.method) ? 'read' : 'write';
    book.cohorts.note(high, low, book.cohorts.scopeOf(seen.region, seen.route, methods), about);
  }
}

/**
 * What is never copied because of what it is (a write, an upgrade, a range, an event stream, an upload that waits for
 * `100 Continue`), whoever answers it. Copies that come from elsewhere are nobody's request.
 */
function isUnpaired({ inbound, matched }: CohortSource, { copy, method }: Observation): boolean {
  if (copy === null || !copy.startsWith('ineligible_')) return false;
  if (copy === 'ineligible_bypass' || copy === 'ineligible_edge_answer') return false;
  const { fields, upgrade, expectsContinue } = inbound.head;
  if (isMarked(fields)) return false;
  if (copy !== 'ineligible_phase') return true;
  // Without a sample nothing was asked about this request; on the candidate's side the same one was looked at.
  const copyWrites = matched?.config.copyWrites ?? false;
  return ineligibleBecause({ method, fields, upgrade, expectsContinue, marked: false, copyWrites }) !== null;
}
