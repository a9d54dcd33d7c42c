import { LIMITS } from '../../core/limits.ts';
import type { RolloutState } from '../state.ts';
import type { GateInput } from './decide.ts';
import type { Evidence } from './evidence.ts';
import type { Requirement } from './types.ts';
import { count, percent, span } from './words.ts';

/** Copies that may be missing: a gateway drops copies when it is busy, which is no random moment. */
const MAX_MISSING = 0.01;

/** Below this number of copies one that is missing says nothing. */
const MIN_SAMPLED = 100;

/** How far clocks may disagree before no time can be trusted. */
const CLOCK_TOLERANCE_MS = 5_000;

/** What has to be so for the evidence to say anything at all: a breach is `invalid`, whatever the numbers say. */
export function validityOf({ state, evidence, plan, nowMs, complete }: GateInput): readonly Requirement[] {
  const fresh = complete ? freshness(state, evidence, plan.windowMs, nowMs) : INCOMPLETE;
  return [coverage(evidence), fresh, clock(state, evidence, nowMs)];
}

const INCOMPLETE: Requirement = {
  name: 'freshness',
  met: false,
  reason: 'STALE',
  message: 'the windows of before the restart are not all read yet',
  etaS: null,
};

function coverage({ pairs }: Evidence): Requirement {
  const sampled = pairs.reduce((sum, tally) => sum + tally.sampled, 0);
  const missing = pairs.reduce((sum, tally) => sum + tally.missing, 0);
  const ratio = missing / Math.max(1, sampled);
  const counts = `${count(missing)} of ${count(sampled)} copies are missing`;
  const message = `${counts} (${percent(ratio)}, at most ${percent(MAX_MISSING)})`;
  const met = sampled < MIN_SAMPLED || ratio <= MAX_MISSING;
  return { name: 'coverage', met, reason: 'COVERAGE', message, etaS: met ? 0 : null };
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
