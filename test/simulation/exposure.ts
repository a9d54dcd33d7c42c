import type { RolloutView } from '../../src/core/snapshot.ts';
import type { RolloutState } from '../../src/rollout/state.ts';

/** The regions that clients of a simulation come from. */
export const REGIONS = ['eu', 'us'] as const;

/** How much of each region's users the candidate answers. */
export type Shares = ReadonlyMap<string, number>;

/** What a view shows, the kill switch included. */
export function sharesOf({ phase, bypass, shares }: RolloutView): Shares {
  const rest = phase === 'enforce' || phase === 'retired' ? 1 : 0;
  return new Map(REGIONS.map((region) => [region, bypass ? 0 : (shares[region] ?? rest)]));
}

/** What a state shows; the kill switch is no change of that. */
export function sharesAt(state: Pick<RolloutState, 'phase' | 'shares'>): Shares {
  const rest = state.phase === 'enforce' || state.phase === 'retired' ? 1 : 0;
  return new Map(REGIONS.map((region) => [region, state.shares[region] ?? rest]));
}

/** A region that sees more of the candidate than before, or null. */
export function isRaised(before: Shares, after: Shares): string | null {
  for (const [region, share] of after) if (share > (before.get(region) ?? 0) + 1e-12) return region;
  return null;
}
