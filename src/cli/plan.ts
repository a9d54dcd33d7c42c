import { positionName } from '../rollout/position.ts';
import type { Position } from '../rollout/state.ts';

/** `regional/2, step 2 of 3`: the name with its place in the plan. */
export function placeInPlan(at: Position, steps: number): string {
  return at.phase === 'regional' ? `${positionName(at)}, step ${at.step + 1} of ${steps}` : positionName(at);
}
