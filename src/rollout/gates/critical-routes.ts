import { cohortWaitS } from './cohort.ts';
import type { Evidence } from './evidence.ts';
import { isProven } from './needs.ts';
import type { GatePlan } from './plan.ts';
import type { RolloutState } from '../state.ts';
import type { CoverageRow, Requirement } from './types.ts';
import { count } from './words.ts';

interface Looked {
  readonly state: RolloutState;
  readonly plan: GatePlan;
  readonly evidence: Evidence;
  readonly coverage: readonly CoverageRow[];
}

/**
 * A critical route is proven by pairs of its own, its writes too; what cannot be paired by users of the cohorts, at a step
 * that has them. Before such a step its writes wait for it: in shadow no client gets their answers from the candidate.
 */
export function criticalRoutes(looked: Looked): Requirement | null {
  const critical = looked.coverage.filter((row) => row.critical);
  if (critical.length === 0) return null;
  const unproven = critical.filter((row) => row.by === 'unproven');
  const elsewhere = cohortsElsewhere(looked);
  const open = elsewhere === null ? unproven : unproven.filter(({ methods }) => methods !== 'write');
  return {
    name: 'routes',
    met: open.length === 0,
    reason: 'UNPROVEN_ROUTE',
    message:
      open.length === 0
        ? sayMet(unproven, elsewhere)
        : `critical and unproven: ${open.map(sayRow).join(', ')}`,
    etaS: waitFor(open, cohortWaitS(looked)),
  };
}

/** Where writes are proven if not here: at a step to come, or at one that this very candidate has passed by proof. */
function cohortsElsewhere({ state, plan }: Looked): 'later' | 'before' | null {
  const { steps } = plan.regional;
  const isPartial = ({ share }: { readonly share: number }): boolean => share > 0 && share < 1;
  if (state.phase === 'shadow' || state.phase === 'canary') return steps.some(isPartial) ? 'later' : null;
  if (state.phase !== 'regional' || steps[state.step]?.share !== 1) return null;
  return isProven(state) && steps.slice(0, state.step).some(isPartial) ? 'before' : null;
}

function sayMet(unproven: readonly CoverageRow[], elsewhere: 'later' | 'before' | null): string {
  if (unproven.length === 0) return 'every critical route is proven by evidence of its own';
  const routes = unproven.map(({ route }) => route).join(', ');
  return elsewhere === 'later'
    ? `every critical route is proven by evidence of its own; writes of ${routes} will be by users, at the first regional step that has a share of them`
    : `every critical route is proven by evidence of its own; writes of ${routes} were by users, at an earlier step`;
}

function sayRow({ route, methods, requests, pairs, users }: CoverageRow): string {
  const ofUsers = users === undefined ? '' : `, ${count(users)} users`;
  return `${route} (${methods}s: ${count(requests)} requests, ${count(pairs)} pairs${ofUsers})`;
}

/** Seconds until users prove what is open; null when some of it is nothing that they ask for. */
function waitFor(open: readonly CoverageRow[], cohortS: number | null): number | null {
  if (open.length === 0) return 0;
  return open.every(({ users = 0 }) => users > 0) ? cohortS : null;
}
