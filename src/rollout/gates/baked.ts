import { BAKE_PAIRS, logBaked, windowsToBake } from '../../stats/bake.ts';
import type { RolloutState } from '../state.ts';
import type { Evidence } from './evidence.ts';
import { needsOf } from './needs.ts';
import { ALPHA_ADVANCE, badWindowsAt } from './plan.ts';
import type { GatePlan } from './plan.ts';
import type { Scope } from './scopes.ts';
import type { Requirement } from './types.ts';
import { bakeOf } from './window-tests.ts';
import { count, percent } from './words.ts';

/** What of a position is looked at here. */
export interface Baking {
  readonly state: RolloutState;
  readonly plan: GatePlan;
  readonly evidence: Evidence;
}

/**
 * Time without a burst of errors, in each scope that must be proven: a candidate that fails rarely and much shows nothing
 * to a test of requests before its first burst.
 */
export function baked({ state, plan, evidence }: Baking): Requirement[] {
  const share = badWindowsAt(plan, state.phase);
  return needsOf(state, plan)
    .filter(({ proof }) => proof)
    .map((scope) => bakedScope(scope, evidence, share, plan.windowMs));
}

function bakedScope(scope: Scope, evidence: Evidence, share: number, windowMs: number): Requirement {
  const bake = bakeOf(evidence.bakes, scope);
  const { n, plus, minus } = bake.windows;
  const met = logBaked(bake, share) >= Math.log(1 / ALPHA_ADVANCE);
  const more = windowsToBake(bake, share, ALPHA_ADVANCE);
  const where = scope.region === null ? scope.direction : `${scope.direction}, ${scope.region}`;
  const seen = `${count(plus)} of ${count(n)} windows had a burst of errors, ${count(minus)} one of legacy (${where})`;
  const wait =
    more === null
      ? `not to be shown below ${percent(share)} as things go`
      : `${count(more)} more of ${BAKE_PAIRS} pairs or more show less than ${percent(share)}`;
  const message = met ? `${seen}: fewer than ${percent(share)}` : `${seen}; ${wait}`;
  const etaS = met ? 0 : waitS(n, more, evidence, windowMs);
  return { name: 'bake', met, reason: 'BAKE', message, etaS };
}

/** Seconds until so many more windows are complete, at the pace of the epoch so far; before the first, the least time. */
function waitS(n: number, more: number | null, { fromMs, toMs }: Evidence, windowMs: number): number | null {
  if (more === null) return null;
  return (more * (n === 0 ? windowMs : (toMs - fromMs) / n)) / 1_000;
}
