import { windowScore } from '../../stats/window-score.ts';
import { addRegions, lastSets } from '../../telemetry/cohort-merge.ts';
import { addSamples, withSample } from '../../telemetry/sample-counter.ts';
import type { RegionCohorts, SampleUsers } from '../../telemetry/cohort-types.ts';
import type { Window } from '../../telemetry/types.ts';
import { NO_TEST, scored } from './window-tests.ts';
import type { WindowTest } from './window-tests.ts';

/** Both cohorts of one region over an epoch: see `cohort.ts`. */
export interface CohortTally extends RegionCohorts {
  /** Windows by how many more users failed in the candidate's cohort for the first time. */
  readonly test: WindowTest;
  /** Largest evidence against the candidate so far, natural logarithms, whatever memory it was counted with. */
  readonly worse: number;
  readonly lately: number;
}

/** The users of an epoch whose requests cannot be paired. */
export interface CohortEvidence {
  /** The memories that told users apart, oldest first: a restart loses one, and counting begins at nothing. */
  readonly sets: readonly string[];
  /** Start of the first window of the last of them, milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly regions: readonly CohortTally[];
  /** Users whose lot for the sample was drawn. Not there without any. */
  readonly sample?: SampleUsers | undefined;
}

/** Adds what a window has of cohorts; what a lost memory left behind counts no more. */
export function addCohorts(
  before: CohortEvidence | undefined,
  { cohorts, startMs }: Window,
): CohortEvidence | undefined {
  if (cohorts === undefined) return before;
  const sets = lastSets([...(before?.sets ?? []), ...cohorts.earlier, cohorts.set]);
  const set = sets.at(-1);
  // A window of a memory that was given up comes late.
  if (before !== undefined && set !== cohorts.set) return before;
  const kept = before?.sets.at(-1) === set ? before : undefined;
  const known = new Map(kept?.regions.map((tally) => [tally.region, tally]));
  const weight = logWeight({ sets });
  const peaks = new Map(before?.regions.map((tally) => [tally.region, tally]));
  for (const more of cohorts.regions) {
    const tally = tallied(known.get(more.region), more);
    known.set(more.region, { ...tally, ...raised(peaks.get(more.region), tally.test, weight) });
  }
  const regions = [...known.values()].toSorted((one, other) => (one.region < other.region ? -1 : 1));
  const sample = addSamples([kept?.sample, cohorts.sample]);
  return { sets, sinceMs: kept?.sinceMs ?? startMs, regions, ...withSample(sample) };
}

const NO_USERS = { users: 0, bad: 0 };
const NOBODY: RegionCohorts = { region: '', candidate: NO_USERS, legacy: NO_USERS, lost: 0, routes: [] };

function tallied(before: CohortTally | undefined, more: RegionCohorts) {
  const score = windowScore({ plus: more.candidate.bad, minus: more.legacy.bad });
  return { ...addRegions(before ?? NOBODY, more), test: scored(before?.test ?? NO_TEST, score) };
}

/** An abort that was proven once stays proven, after a restart too. */
function raised(before: CohortTally | undefined, test: WindowTest, weight: number) {
  return {
    worse: Math.max(before?.worse ?? 0, test.worse + weight),
    lately: Math.max(before?.lately ?? 0, test.lately + weight),
  };
}

/** Part of the chance of an error that the first memory of an epoch has; the rest is for those after restarts. */
const FIRST = 0.9;

/**
 * What evidence since a restart counts for, as a logarithm. Each new beginning is another try with the same users: the
 * tries share one chance of an error, and all their parts, 0.9 and 0.1/(k(k+1)), add up to 1.
 */
export function logWeight({ sets }: Pick<CohortEvidence, 'sets'>): number {
  const restarts = sets.length - 1;
  return Math.log(restarts <= 0 ? FIRST : (1 - FIRST) / (restarts * (restarts + 1)));
}
