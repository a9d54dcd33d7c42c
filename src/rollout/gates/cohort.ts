import { logSkew } from '../../stats/sampling-skew.ts';
import { logAdvanceUnpaired } from '../../stats/unpaired.ts';
import type { ArmCounts } from '../../stats/unpaired.ts';
import { excessOf, unitsToAdvance, unpairedInterval } from '../../stats/unpaired-bounds.ts';
import type { RolloutState } from '../state.ts';
import { exposureAt, shareOf } from '../view.ts';
import { logWeight } from './cohort-evidence.ts';
import type { CohortEvidence, CohortTally } from './cohort-evidence.ts';
import type { Evidence } from './evidence.ts';
import type { AbortNeeds } from './lines.ts';
import { stepRegion } from './needs.ts';
import { ALPHA_ADVANCE, errorMargin } from './plan.ts';
import type { GatePlan } from './plan.ts';
import type { CoverageRow, MetricLine, Requirement } from './types.ts';
import { count, percent } from './words.ts';

/** Both cohorts are of equal size by construction. */
const HALF = 0.5;

/** The chance of calling a fair draw of users skewed. */
const ALPHA_SKEW = 0.001;

/** Answers without a counted user, of all users: what finds no room does so when many come, which is no random moment. */
const MAX_LOST = 0.01;

/** What cohorts are judged at. */
export interface CohortsAt {
  readonly state: RolloutState;
  readonly plan: GatePlan;
  readonly evidence: Evidence;
}

/** The regions that have cohorts: in the others nobody, or everybody, is answered by the candidate. The step's own is first. */
export function cohortRegions(state: RolloutState, plan: GatePlan): string[] {
  if (state.phase !== 'regional') return [];
  const exposure = exposureAt(state, plan);
  const own = stepRegion(state, plan);
  return Object.keys(exposure.regions)
    .filter((region) => shareOf(exposure, region) > 0 && shareOf(exposure, region) < 1)
    .toSorted((one, other) => Number(other === own) - Number(one === own));
}

/**
 * One line for each region whose cohorts have users. It is to be proven where a critical route depends on it, and watched
 * elsewhere: {@link MetricLine.direction} is null, and `n`, `plus` and `minus` are users.
 * @param coverage rows of the step's own region
 * @param needs what each line of the position needs to abort
 */
export function cohortLines(
  { state, plan, evidence }: CohortsAt,
  coverage: readonly CoverageRow[],
  needs: AbortNeeds,
): MetricLine[] {
  const own = stepRegion(state, plan);
  const wanted = isWanted(coverage);
  return cohortRegions(state, plan).flatMap((region) => {
    const tally = tallyOf(evidence.cohorts, region);
    if (tally === undefined || evidence.cohorts === undefined) return [];
    const proof = wanted && region === own;
    return [lineOf({ state, plan, evidence }, evidence.cohorts, tally, { proof, needs })];
  });
}

/** A critical route has requests that only the cohorts can speak for. */
function isWanted(coverage: readonly CoverageRow[]): boolean {
  return coverage.some(({ critical, by, users = 0 }) => critical && by !== 'pairs' && users > 0);
}

function lineOf(
  { state, plan, evidence }: CohortsAt,
  cohorts: CohortEvidence,
  tally: CohortTally,
  { proof, needs }: { readonly proof: boolean; readonly needs: AbortNeeds },
): MetricLine {
  const counts = countsOf(tally);
  const margin = errorMargin(plan, state);
  const line = {
    metric: 'errorRate',
    direction: null,
    region: tally.region,
    n: counts.n,
    plus: counts.candidateBad,
    minus: counts.legacyBad,
    estimate: counts.n === 0 ? null : excessOf(counts),
    interval: unpairedInterval(counts, ALPHA_ADVANCE),
    margin,
    logAdvance: logAdvanceUnpaired(counts, HALF, margin) + logWeight(cohorts),
    needAdvance: proof ? Math.log(1 / ALPHA_ADVANCE) : null,
    logAbort: tally.worse,
    logAlarm: tally.lately,
    ...needs,
    culprit: null,
  } as const;
  if (line.logAlarm >= needs.needAlarm && line.logAbort < needs.needAbort)
    return { ...line, verdict: 'abort', reason: 'BECAME_WORSE', etaS: null };
  if (line.logAbort >= needs.needAbort)
    return { ...line, verdict: 'abort', reason: 'PROVEN_WORSE', etaS: null };
  if (line.needAdvance === null) return { ...line, verdict: 'ready', reason: 'WATCHED', etaS: 0 };
  if (line.logAdvance >= line.needAdvance) return { ...line, verdict: 'ready', reason: 'PROVEN', etaS: 0 };
  return { ...line, verdict: 'hold', reason: 'NOT_PROVEN', etaS: etaOf(counts, margin, evidence) };
}

function countsOf({ candidate, legacy }: CohortTally): ArmCounts {
  return { n: candidate.users + legacy.users, candidateBad: candidate.bad, legacyBad: legacy.bad };
}

function tallyOf(cohorts: CohortEvidence | undefined, region: string): CohortTally | undefined {
  return cohorts?.regions.find((tally) => tally.region === region);
}

/** Seconds until enough users came, if new ones go on to come as they did. */
function etaOf(counts: ArmCounts, margin: number, { cohorts, toMs }: Evidence): number | null {
  const alpha = ALPHA_ADVANCE * Math.exp(cohorts === undefined ? 0 : logWeight(cohorts));
  const more = unitsToAdvance(counts, margin, alpha);
  const seconds = (toMs - (cohorts?.sinceMs ?? toMs)) / 1_000;
  return more === null || seconds <= 0 || counts.n === 0 ? null : more / (counts.n / seconds);
}

/** Seconds until the cohorts of the step's own region prove something; null without any, or when they would not. */
export function cohortWaitS({ state, plan, evidence }: CohortsAt): number | null {
  const own = cohortRegions(state, plan).find((region) => region === stepRegion(state, plan));
  const tally = own === undefined ? undefined : tallyOf(evidence.cohorts, own);
  return tally === undefined ? null : etaOf(countsOf(tally), errorMargin(plan, state), evidence);
}

/**
 * Coverage with what the cohorts say about it: how many of their users asked a route for what cannot be paired, and
 * whether that proves it. Rows that pairs prove are left alone.
 * @param rows of the step's own region
 * @param minUsers of each cohort, from which on they speak for a route
 */
export function withCohort(rows: CoverageRow[], at: CohortsAt, minUsers: number): CoverageRow[] {
  const { state, plan, evidence } = at;
  const own = cohortRegions(state, plan).find((region) => region === stepRegion(state, plan));
  const tally = own === undefined ? undefined : tallyOf(evidence.cohorts, own);
  if (tally === undefined) return rows;
  const proven = isProvenBy(at, tally);
  return rows.map((row) => {
    const users = tally.routes.find(({ route, methods }) => route === row.route && methods === row.methods);
    if (users === undefined) return row;
    const speaks = proven && Math.min(users.candidate, users.legacy) >= minUsers;
    const by = row.by === 'unproven' && speaks ? 'cohort' : row.by;
    return { ...row, users: users.candidate + users.legacy, by };
  });
}

function isProvenBy({ state, plan, evidence }: CohortsAt, tally: CohortTally): boolean {
  const { cohorts } = evidence;
  if (cohorts === undefined || isSkewed(cohorts, tally) || isLossy(tally)) return false;
  const log = logAdvanceUnpaired(countsOf(tally), HALF, errorMargin(plan, state)) + logWeight(cohorts);
  return log >= Math.log(1 / ALPHA_ADVANCE);
}

/**
 * What has to be so for the cohorts to say anything: their users were drawn by a fair lot, and (where something is to be
 * proven by them) they were counted.
 * @param lines of the position
 */
export function cohortValidity(
  { state, plan, evidence }: CohortsAt,
  lines: readonly MetricLine[],
): Requirement[] {
  const { cohorts } = evidence;
  if (cohorts === undefined) return [];
  const tallies = cohortRegions(state, plan).flatMap((region) => tallyOf(cohorts, region) ?? []);
  const [first] = tallies;
  if (first === undefined) return [];
  const skewed = tallies.find((tally) => isSkewed(cohorts, tally));
  const wanted = lines.some(({ direction, needAdvance }) => direction === null && needAdvance !== null);
  return [
    skew(cohorts, skewed ?? first, skewed === undefined),
    ...(wanted && isLossy(first) ? [lossy(first)] : []),
  ];
}

function isSkewed(cohorts: CohortEvidence, { candidate, legacy }: CohortTally): boolean {
  const log = logSkew([candidate.users, legacy.users], [HALF, HALF]);
  return log + logWeight(cohorts) >= Math.log(1 / ALPHA_SKEW);
}

/** Distinct users, never requests: a few who ask often would look like an unfair lot. */
function skew(
  { sets, sinceMs }: CohortEvidence,
  { region, candidate, legacy }: CohortTally,
  met: boolean,
): Requirement {
  const users = `${count(candidate.users)} users with the candidate, ${count(legacy.users)} in the control cohort`;
  const since = `${new Date(sinceMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const again = sets.length > 1 ? `, counted since ${since}, after a restart` : '';
  const message = `${users} (${region}): ${met ? 'as a fair lot gives' : 'no fair lot gives that'}${again}`;
  return { name: 'skew', met, reason: 'SAMPLING_SKEW', message, etaS: met ? 0 : null };
}

function isLossy({ candidate, legacy, lost }: CohortTally): boolean {
  return lost > MAX_LOST * (candidate.users + legacy.users);
}

function lossy({ region, candidate, legacy, lost }: CohortTally): Requirement {
  const users = candidate.users + legacy.users;
  const message = `${count(lost)} answers to users of the cohorts were not counted (${region}): ${count(users)} users were, at most ${percent(MAX_LOST)} of that may be missing`;
  return { name: 'coverage', met: false, reason: 'COVERAGE', message, etaS: null };
}
