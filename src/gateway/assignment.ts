// HOT: a switch and one hash.
import { claimHas } from '../auth/claims.ts';
import { stickyPosition } from '../core/hash.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { CanaryMatch, Direction, Lane, RolloutView } from '../core/snapshot.ts';
import { AddressSet } from './addresses.ts';
import type { Arrival } from './arrival.ts';
import { cookieValue } from './cookies.ts';
import { withoutPort } from './router.ts';

/** Which lane answers a request, and what share of such requests is copied where. */
export interface Assignment {
  readonly lane: Lane;
  readonly direction: Direction;
  /** 0 to 1. */
  readonly copyShare: number;
}

const LEGACY_ALONE: Assignment = { lane: 'legacy', direction: 'shadow', copyShare: 0 };
const CANDIDATE_ALONE: Assignment = { lane: 'candidate', direction: 'reverse', copyShare: 0 };

interface CompiledMatch {
  readonly match: CanaryMatch;
  readonly from: AddressSet;
}

/** Assigns requests to lanes by one state of the rollout. */
export class Assigner {
  private readonly rollout: RolloutView;
  private readonly canary: readonly CompiledMatch[];
  private readonly toLegacy: Assignment;
  private readonly toCandidate: Assignment;

  constructor(rollout: RolloutView) {
    this.rollout = rollout;
    this.canary = rollout.canary.map((match) => ({ match, from: new AddressSet(match.from) }));
    this.toLegacy = { lane: 'legacy', direction: 'shadow', copyShare: rollout.sample };
    this.toCandidate = { lane: 'candidate', direction: 'reverse', copyShare: rollout.reverseSample };
  }

  /** @param host lower case, may have a port */
  assign(arrival: Arrival, host: string, fields: HeaderFields): Assignment {
    const { phase, bypass } = this.rollout;
    if (bypass) return LEGACY_ALONE;
    switch (phase) {
      case 'shadow':
        return this.toLegacy;
      case 'canary':
        return this.isCanary(arrival, host, fields) ? this.toCandidate : this.toLegacy;
      case 'regional':
        return this.isInShare(arrival) || this.isCanary(arrival, host, fields)
          ? this.toCandidate
          : this.toLegacy;
      case 'enforce':
        return this.toCandidate;
      case 'retired':
        return CANDIDATE_ALONE;
    }
  }

  private isInShare({ region, userKey, clientAddress }: Arrival): boolean {
    const share = this.rollout.shares[region] ?? 0;
    return share > 0 && stickyPosition(this.rollout.salt, userKey ?? clientAddress) < share;
  }

  /** Whether the canary's rules name a request, wherever else it would go. */
  isCanary(arrival: Arrival, host: string, fields: HeaderFields): boolean {
    for (const { match, from } of this.canary) {
      if (match.header !== null && fields.get(match.header[0]) !== match.header[1]) continue;
      if (match.cookie !== null && cookieValue(fields, match.cookie[0]) !== match.cookie[1]) continue;
      if (match.host !== null && withoutPort(host) !== match.host) continue;
      if (!from.empty && !from.contains(arrival.clientAddress)) continue;
      if (match.claim !== undefined && !isClaimed(arrival, match.claim)) continue;
      return true;
    }
    return false;
  }
}

function isClaimed({ claims }: Arrival, [name, value]: readonly [name: string, value: string]): boolean {
  return claims !== null && claimHas(claims, name, value);
}
