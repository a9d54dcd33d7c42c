import type { Position, RolloutPlan, RolloutState } from '../state.ts';
import { back, exposureAt, shareOf } from '../view.ts';
import { othersHaveShares } from './requirements.ts';
import type { GateAction } from './types.ts';

/**
 * What an abort does: it takes back what failed. A region goes alone where others have a share of their own; else the
 * rollout goes to the last position that shows less of the candidate there. Null: the candidate answers nobody, or
 * legacy may be gone.
 * @param region where it failed; null: everywhere
 */
export function retreat(state: RolloutState, plan: RolloutPlan, region: string | null): GateAction | null {
  const { phase, step } = state;
  if (phase === 'shadow' || phase === 'retired' || state.bypass) return null;
  const hasRegions = phase === 'regional' || phase === 'enforce';
  const isNamed = plan.regional.steps.some((each) => each.region === region);
  if (hasRegions && region !== null && isNamed && othersHaveShares(state, plan, region)) {
    return shareOf(exposureAt(state, plan), region) > 0 ? { to: { phase, step }, region } : null;
  }
  const to = lessExposed(state, plan, region);
  return to === null ? null : { to, region: null };
}

/** A step back that would leave as many clients with the candidate would be none. */
function lessExposed(state: RolloutState, plan: RolloutPlan, region: string | null): Position | null {
  let to = back(state, plan);
  while (to !== null && to.phase === 'regional' && !showsLess(state, to, plan, region)) to = back(to, plan);
  return to;
}

function showsLess(from: RolloutState, to: Position, plan: RolloutPlan, region: string | null): boolean {
  const [before, after] = [exposureAt(from, plan), exposureAt(to, plan)];
  if (region !== null) return shareOf(after, region) < shareOf(before, region);
  // Nobody knows where: whoever has the candidate sees less of it.
  const shown = Object.keys(before.regions).filter((each) => shareOf(before, each) > 0);
  const restShowsLess = before.rest === 0 || after.rest < before.rest;
  return restShowsLess && shown.every((each) => shareOf(after, each) < shareOf(before, each));
}
