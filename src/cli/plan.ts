import type { Status } from '../control/schema/status.ts';
import { positionName } from '../rollout/position.ts';
import type { Position, RolloutPlan } from '../rollout/state.ts';

/** `regional/2, step 2 of 3`: the name with its place in the plan. */
export function placeInPlan(at: Position, steps: number): string {
  return at.phase === 'regional' ? `${positionName(at)}, step ${at.step + 1} of ${steps}` : positionName(at);
}

/** The positions of the plan that runs: as much of a plan as the status tells. */
export function planShape({ steps }: Status['rollout']): RolloutPlan {
  return {
    windowMs: 0,
    shadow: { sample: 0 },
    canary: { match: [] },
    regional: { steps: Array.from({ length: steps }, () => ({ region: '', share: 0 })) },
    enforce: { reverseSample: 0 },
  };
}
