import { exposureAt, shareOf } from '../view.ts';
import { identityOf } from '../state.ts';
import type { RolloutPlan, RolloutState } from '../state.ts';
import type { Scope } from './scopes.ts';

/** A scope that a position looks at; `proof`: it has to be shown to be no worse, else it is only watched. */
export interface Need extends Scope {
  readonly proof: boolean;
}

/** The region of a regional step, or null elsewhere. */
export function stepRegion({ phase, step }: RolloutState, plan: RolloutPlan): string | null {
  return phase === 'regional' ? (plan.regional.steps[step]?.region ?? null) : null;
}

/** Whether the gates let this very configuration and build come here: the proof of another one does not carry over. */
export function isProven(state: RolloutState): boolean {
  return state.provenFor === identityOf(state);
}

/** What a position looks at, and what it wants proven. */
export function needsOf(state: RolloutState, plan: RolloutPlan): readonly Need[] {
  switch (state.phase) {
    case 'shadow':
      return [{ direction: 'shadow', region: null, proof: true }];
    case 'canary':
      // Who is in the canary is not drawn by lot: it shows differences, and the proof of errors stays that of shadow.
      return [
        { direction: 'reverse', region: null, proof: false },
        { direction: 'shadow', region: null, proof: !isProven(state) },
      ];
    case 'regional':
      return regionalNeeds(state, plan);
    case 'enforce':
      if (plan.enforce.reverseSample === 0) return [];
      return [{ direction: 'reverse', region: null, proof: !isProven(state) }];
    case 'retired':
      return [];
  }
}

/** The step's own region is to be proven; regions that have a share already go on being watched. */
function regionalNeeds(state: RolloutState, plan: RolloutPlan): Need[] {
  const own = stepRegion(state, plan);
  const exposure = exposureAt(state, plan);
  const shown = Object.keys(exposure.regions)
    .filter((region) => region === own || shareOf(exposure, region) > 0)
    .toSorted((one, other) => Number(other === own) - Number(one === own));
  return shown.flatMap((region): Need[] => {
    const proof = region === own;
    const reverse: Need = { direction: 'reverse', region, proof };
    // At 100 % nobody is left whose requests could be copied to the candidate.
    return shareOf(exposure, region) < 1 ? [{ direction: 'shadow', region, proof }, reverse] : [reverse];
  });
}
