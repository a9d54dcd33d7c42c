import { LIMITS } from '../../core/limits.ts';
import { logSkew } from '../../stats/sampling-skew.ts';
import type { SampleUsers } from '../../telemetry/cohort-types.ts';
import type { RolloutState } from '../state.ts';
import { logWeight } from './cohort-evidence.ts';
import type { GateInput } from './decide.ts';
import type { Evidence } from './evidence.ts';
import { needsOf } from './needs.ts';
import { isWithin } from './scopes.ts';
import type { Scope } from './scopes.ts';
import type { Requirement } from './types.ts';
import { ALPHA_ABORT } from './plan.ts';
import type { GatePlan } from './plan.ts';
import { windowTest } from './window-tests.ts';
import { METRIC_NAMES, count, percent, span } from './words.ts';

/** Copies that may be missing: a gateway drops copies when it is busy, which is no random moment. */
const MAX_MISSING = 0.01;

/** Below this number of copies one that is missing says nothing. */
const MIN_SAMPLED = 100;

/** Requests of the sample that must have a pair: the rest was too large, given up, or answered by nobody to compare with. */
const MIN_JUDGED = 0.5;

/** Before so many the pairs that warm caches up, and those under way, are a large part. */
const MIN_ASKED = 1_000;

/** How far clocks may disagree before no time can be trusted. */
const CLOCK_TOLERANCE_MS = 5_000;

/** What has to be so for the evidence to say anything at all: a breach is `invalid`, whatever the numbers say. */
export function validityOf({ state, evidence, plan, nowMs, complete }: GateInput): readonly Requirement[] {
  const fresh = complete ? freshness(state, evidence, plan.windowMs, nowMs) : INCOMPLETE;
  const scopes = needsOf(state, plan);
  return [
    coverage(evidence, scopes),
    ...skew(evidence, plan),
    ...drift(evidence),
    fresh,
    clock(state, evidence, nowMs),
  ];
}

const INCOMPLETE: Requirement = {
  name: 'freshness',
  met: false,
  reason: 'STALE',
  message: 'the windows of before the restart are not all read yet',
  etaS: null,
};

/** Copies of all traffic, and of each scope that is judged: what is missing there says nothing about the rest. */
function coverage({ pairs }: Evidence, scopes: readonly Scope[]): Requirement {
  const all = missingOf(pairs);
  const worst = scopes
    .map((scope) => missingOf(pairs.filter((tally) => isWithin(tally, scope))))
    .reduce((most, each) => (isLossy(each) && each.ratio > most.ratio ? each : most), all);
  const few = [
    all,
    ...scopes.map((scope) => missingOf(pairs.filter((tally) => isWithin(tally, scope)))),
  ].find(isBlind);
  if (few !== undefined && !isLossy(worst)) return unjudged(few);
  const counts = `${count(worst.missing)} of ${count(worst.sampled)} copies are missing`;
  const message = `${counts} (${percent(worst.ratio)}, at most ${percent(MAX_MISSING)})`;
  const met = !isLossy(worst);
  return { name: 'coverage', met, reason: 'COVERAGE', message, etaS: met ? 0 : null };
}

/** Half of the requests may be of a kind that the other half does not speak for. */
function unjudged({ judged, sampled }: Missing): Requirement {
  const message = `${count(judged)} of ${count(sampled)} requests of the sample have a pair (at least ${percent(MIN_JUDGED)}): see what became of the others in the report`;
  return { name: 'coverage', met: false, reason: 'COVERAGE', message, etaS: null };
}

interface Missing {
  readonly judged: number;
  readonly missing: number;
  readonly sampled: number;
  readonly ratio: number;
}

function missingOf(pairs: Evidence['pairs']): Missing {
  const sampled = pairs.reduce((sum, tally) => sum + tally.sampled, 0);
  const missing = pairs.reduce((sum, tally) => sum + tally.missing, 0);
  const judged = pairs.reduce((sum, tally) => sum + tally.error.n, 0);
  return { judged, missing, sampled, ratio: missing / Math.max(1, sampled) };
}

function isBlind({ sampled, judged }: Missing): boolean {
  return sampled >= MIN_ASKED && judged < sampled * MIN_JUDGED;
}

function isLossy({ sampled, ratio }: Missing): boolean {
  return sampled >= MIN_SAMPLED && ratio > MAX_MISSING;
}

/** The chance to doubt a sample that was drawn as it should be. */
const ALPHA_SKEW = 0.001;

/**
 * A sample that is not drawn as intended speaks for other requests than those it is taken for. Users are counted, each
 * once: of users that come often, the share of requests says nothing. Where no user is known, each request has a lot.
 */
function skew({ pairs, cohorts }: Evidence, { shadow }: GatePlan): Requirement[] {
  const lots = pairs.filter(({ direction }) => direction === 'shadow').map(({ drawn }) => drawn);
  const chosen = lots.reduce((sum, lot) => sum + lot.chosen, 0);
  const left = lots.reduce((sum, lot) => sum + lot.left, 0);
  const requests = drawnAs({ chosen, left }, shadow.sample, 'lots', 0);
  if (cohorts?.sample === undefined) return requests;
  const users = drawnAs(cohorts.sample, shadow.sample, 'users', logWeight(cohorts));
  return [...users, ...requests].toSorted((one, other) => Number(one.met) - Number(other.met)).slice(0, 1);
}

/** @param logWeightOf what the evidence counts for, natural logarithm: see {@link logWeight} */
function drawnAs(
  { chosen, left }: SampleUsers,
  share: number,
  what: 'lots' | 'users',
  logWeightOf: number,
): Requirement[] {
  const all = chosen + left;
  if (all === 0) return [];
  const certain = share <= 0 || share >= 1;
  const log = certain ? 0 : logSkew([chosen, left], [share, 1 - share]) + logWeightOf;
  const met = log < Math.log(1 / ALPHA_SKEW);
  const drawn = `${count(chosen)} of ${count(all)} ${what} were drawn (${percent(chosen / all)}`;
  const message = `${drawn}, meant are ${percent(share)})`;
  return [{ name: 'skew', met, reason: 'SAMPLING_SKEW', message, etaS: met ? 0 : null }];
}

/** What legacy's second answers are tested on against its first ones: two metrics, in two directions. */
const DRIFT_TESTS = 4;

/**
 * Legacy beside itself. Where its second answers, asked for as copies are, fail or dawdle more than its first ones,
 * copies suffer from being copies, and no candidate can be told from that.
 */
function drift({ drift: tests }: Evidence): Requirement[] {
  if (Object.keys(tests).length === 0) return [];
  const need = Math.log(DRIFT_TESTS / ALPHA_ABORT);
  const drifted = (['errorRate', 'tail'] as const).filter((metric) =>
    (['shadow', 'reverse'] as const).some(
      (direction) => windowTest(tests, metric, { direction, region: null }).worse >= need,
    ),
  );
  const met = drifted.length === 0;
  const what = drifted.map((metric) => METRIC_NAMES[metric]).join(' and ');
  const message = met
    ? "legacy's second answers are no worse than its first"
    : `${what}: legacy's second answers are worse than its first, so copies suffer from being copies`;
  return [{ name: 'drift', met, reason: 'DRIFT', message, etaS: met ? 0 : null }];
}

/** Windows come even without traffic: where none comes, nobody counts. */
function freshness(
  { epochSinceMs }: RolloutState,
  { toMs, windows }: Evidence,
  windowMs: number,
  nowMs: number,
): Requirement {
  const ageMs = Math.max(0, nowMs - Math.max(toMs, epochSinceMs));
  const limitMs = 2 * windowMs + LIMITS.windowGraceMs + 2 * LIMITS.deltaIntervalMs;
  const newest =
    windows === 0 ? 'the epoch began, and no window is complete yet,' : 'the newest window ended';
  const message = `${newest} ${span(ageMs)} ago (at most ${span(limitMs)})`;
  const met = ageMs <= limitMs;
  return { name: 'freshness', met, reason: 'STALE', message, etaS: met ? 0 : null };
}

function clock({ epochSinceMs }: RolloutState, { toMs }: Evidence, nowMs: number): Requirement {
  const aheadMs = Math.max(epochSinceMs, toMs) - nowMs;
  const met = aheadMs <= CLOCK_TOLERANCE_MS;
  const message = met
    ? 'the clock runs forward'
    : `the clock is ${span(aheadMs)} behind what was written before: it was set back`;
  return { name: 'clock', met, reason: 'CLOCK', message, etaS: met ? 0 : null };
}
