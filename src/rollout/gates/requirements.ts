import type { RolloutPlan, RolloutState } from '../state.ts';
import { exposureAt, shareOf } from '../view.ts';
import { withCohort } from './cohort.ts';
import { coverageOf } from './coverage.ts';
import { criticalRoutes } from './critical-routes.ts';
import type { Evidence, PairTally } from './evidence.ts';
import { baked } from './baked.ts';
import { isProven, stepRegion } from './needs.ts';
import { errorMargin, timesOf } from './plan.ts';
import type { GatePlan } from './plan.ts';
import type { CoverageRow, Requirement } from './types.ts';
import { count, percent, span } from './words.ts';

/** What the requirements of a position are looked at with. */
export interface Looked {
  readonly state: RolloutState;
  readonly plan: GatePlan;
  readonly evidence: Evidence;
  readonly coverage: readonly CoverageRow[];
  readonly nowMs: number;
}

/** What besides the metrics has to be so before the rollout moves on; what does not concern a position is left out. */
export function requirementsOf(looked: Looked): readonly Requirement[] {
  const { phase } = looked.state;
  const found: (Requirement | null)[] = [dwell(looked), ...baked(looked)];
  if (phase === 'canary') found.push(...canary(looked));
  if (phase !== 'shadow' && phase !== 'retired') found.push(answers(looked));
  if (phase === 'enforce') found.push(proven(looked));
  if (phase === 'shadow' || phase === 'canary' || phase === 'regional') found.push(criticalRoutes(looked));
  if (phase === 'regional') found.push(traffic(looked));
  if (phase === 'regional' || phase === 'enforce') found.push(regions(looked));
  if (phase === 'enforce') found.push(legacy(looked));
  return found.filter((each) => each !== null);
}

function dwell({ state, plan, nowMs }: Looked): Requirement | null {
  const { dwellMs } = timesOf(state.phase, plan);
  if (state.phase === 'retired') return null;
  const hereMs = Math.max(0, nowMs - state.epochSinceMs);
  const message = `${span(Math.min(hereMs, dwellMs))} of ${span(dwellMs)} under this epoch`;
  const leftMs = Math.max(0, dwellMs - hereMs);
  return { name: 'dwell', met: leftMs === 0, reason: 'DWELL', message, etaS: leftMs / 1_000 };
}

/** Canary traffic is little and nobody's choice by lot: it has to be there, and none of it may differ. */
function canary({ plan, evidence, coverage }: Looked): Requirement[] {
  const back = evidence.pairs.filter(({ direction }) => direction === 'reverse');
  const differing = back.reduce((sum, tally) => sum + differingOf(tally) + tally.error.plus, 0);
  const alike: Requirement = {
    name: 'canary',
    met: differing === 0,
    reason: 'CANARY_DIFFERENCES',
    message: `${count(differing)} pairs of the canary's requests differ or failed on the candidate only (none may)`,
    etaS: differing === 0 ? 0 : null,
  };
  if (plan.canary.match.length === 0) return [alike];
  const critical = coverage.filter((row) => row.critical).map(({ route }) => route);
  const answered = (route: string | null) => goodOf(evidence, route);
  const places: (string | null)[] = critical.length === 0 ? [null] : [...new Set(critical)];
  return [alike, ...places.map((route) => canaryRequests(route, answered(route), plan.canary.minRequests))];
}

/** Pairs that differ, and where legacy is compared with itself those that do so beyond what it does. */
function differingOf({ difference, unexplained }: PairTally): number {
  return unexplained === undefined ? difference.plus : Math.max(0, unexplained.plus - unexplained.minus);
}

/** Requests that the candidate answered well. */
function goodOf({ requests }: Evidence, route: string | null): number {
  return requests
    .filter((tally) => tally.lane === 'candidate' && (route === null || tally.route === route))
    .reduce((sum, tally) => sum + tally.requests - tally.bad, 0);
}

/** What has no pair, a write say, still has a status: the candidate's answers as a whole must not be worse. */
function answers({ state, plan, evidence }: Looked): Requirement {
  const region = stepRegion(state, plan);
  const [candidate, legacy] = [badOf(evidence, 'candidate', region), badOf(evidence, 'legacy', region)];
  const usual = legacy.requests >= MIN_ANSWERS ? legacy.bad / legacy.requests : state.legacyErrorRate;
  const most = usual + errorMargin(plan, state);
  const ratio = candidate.bad / Math.max(1, candidate.requests);
  const counts = `${count(candidate.bad)} of ${count(candidate.requests)} answers of the candidate were bad`;
  const message = `${counts} (${percent(ratio)}, at most ${percent(most)})`;
  const met = candidate.bad === 0 || ratio <= most;
  return { name: 'answers', met, reason: 'ANSWERS', message, etaS: met ? 0 : null };
}

/** Answers of legacy from which on their error rate is one. */
const MIN_ANSWERS = 100;

function badOf(
  { requests }: Evidence,
  lane: 'candidate' | 'legacy',
  region: string | null,
): { readonly bad: number; readonly requests: number } {
  const tallies = requests.filter(
    (tally) => tally.lane === lane && (region === null || tally.region === region),
  );
  const sum = (pick: 'bad' | 'requests') => tallies.reduce((total, tally) => total + tally[pick], 0);
  return { bad: sum('bad'), requests: sum('requests') };
}

/** Without reverse shadow nothing can be proven any more: what was proven before has to be this candidate. */
function proven({ state, plan }: Looked): Requirement | null {
  if (isProven(state) || plan.enforce.reverseSample > 0) return null;
  const message = 'no gate let this configuration and build come here, and without reverse shadow none can';
  return { name: 'proven', met: false, reason: 'ANOTHER_CANDIDATE', message, etaS: null };
}

function canaryRequests(route: string | null, seen: number, wanted: number): Requirement {
  const met = seen >= wanted;
  const where = route === null ? '' : ` on the critical route ${route}`;
  const message = `the candidate answered ${count(seen)} canary requests well${where} (at least ${wanted})`;
  return { name: 'canary', met, reason: 'CANARY_REQUESTS', message, etaS: met ? 0 : null };
}

/** A step for a region that shows no traffic proves nothing. */
function traffic({ state, plan, evidence }: Looked): Requirement {
  const region = stepRegion(state, plan) ?? '';
  const seen = evidence.requests
    .filter((tally) => tally.region === region)
    .reduce((sum, tally) => sum + tally.requests, 0);
  const message = `${count(seen)} requests came from ${region}`;
  return { name: 'traffic', met: seen > 0, reason: 'NO_TRAFFIC', message, etaS: seen > 0 ? 0 : null };
}

function regions({ state }: Looked): Requirement | null {
  const { withdrawn } = state;
  if (withdrawn.length === 0) return null;
  const message = `taken back to legacy: ${withdrawn.join(', ')}`;
  return { name: 'regions', met: false, reason: 'WITHDRAWN', message, etaS: null };
}

function legacy({ evidence }: Looked): Requirement {
  const { legacyLately, windows } = evidence;
  const met = windows > 0 && legacyLately === 0;
  const message =
    windows === 0
      ? 'no window is complete yet'
      : `legacy answered ${count(legacyLately)} requests in the newest window (none may be left)`;
  return { name: 'legacy', met, reason: 'LEGACY_SERVES', message, etaS: met ? 0 : null };
}

/** How much of the traffic the evidence speaks for at a position. @param critical names of the critical routes */
export function coverageAt(
  state: RolloutState,
  plan: GatePlan,
  evidence: Evidence,
  critical: readonly string[],
): CoverageRow[] {
  const region = stepRegion(state, plan);
  const { minRequests } = plan.canary;
  const rows = coverageOf(evidence, { region, critical, minPairs: minRequests });
  return withCohort(rows, { state, plan, evidence }, minRequests);
}

/** Whether another region than this one has a share of the candidate. */
export function othersHaveShares(state: RolloutState, plan: RolloutPlan, region: string): boolean {
  const exposure = exposureAt(state, plan);
  if (exposure.rest > 0) return true;
  return Object.keys(exposure.regions).some((other) => other !== region && shareOf(exposure, other) > 0);
}
