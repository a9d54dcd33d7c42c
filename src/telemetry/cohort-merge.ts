import { LIMITS } from '../core/limits.ts';
import { addSamples, withSample } from './sample-counter.ts';
import type { CohortUsers, RegionCohorts, RouteUsers, WindowCohorts } from './cohort-types.ts';

/**
 * Adds the cohorts of one epoch, in time order. A memory that was lost is counted no more: its users would be counted
 * again by the next one. Undefined for none.
 */
export function mergeCohorts(all: readonly (WindowCohorts | undefined)[]): WindowCohorts | undefined {
  const known = all.filter((each) => each !== undefined);
  if (known.length < 2) return known[0];
  const sets = lastSets(known.flatMap(({ earlier, set }) => [...earlier, set]));
  const set = sets[sets.length - 1] as string;
  const same = known.filter((each) => each.set === set);
  const regions = same.flatMap((each) => each.regions);
  return {
    set,
    earlier: sets.slice(0, -1),
    regions: sums(regions, ({ region }) => region, addRegions),
    ...withSample(addSamples(same.map(({ sample }) => sample))),
  };
}

/** Names of memories, oldest first, each once, as many as are kept. */
export function lastSets(names: readonly string[]): string[] {
  return [...new Set(names)].slice(-LIMITS.cohortSets);
}

/** The cohorts as a part of something, or no part. */
export function withCohorts(cohorts: WindowCohorts | undefined): { readonly cohorts?: WindowCohorts } {
  return cohorts === undefined ? {} : { cohorts };
}

/** Adds two counts of one region, in the order of routes. */
export function addRegions(left: RegionCohorts, right: RegionCohorts): RegionCohorts {
  return {
    region: right.region,
    candidate: addUsers(left.candidate, right.candidate),
    legacy: addUsers(left.legacy, right.legacy),
    lost: left.lost + right.lost,
    routes: sums(
      [...left.routes, ...right.routes],
      ({ route, methods }) => `${route}\n${methods}`,
      addRoutes,
    ),
  };
}

function addUsers(left: CohortUsers, right: CohortUsers): CohortUsers {
  return { users: left.users + right.users, bad: left.bad + right.bad };
}

function addRoutes(left: RouteUsers, right: RouteUsers): RouteUsers {
  return {
    ...left,
    candidate: left.candidate + right.candidate,
    legacy: left.legacy + right.legacy,
  };
}

/** One entry per key, in the order of keys: the same counts are the same text. */
function sums<T>(items: readonly T[], keyOf: (item: T) => string, add: (left: T, right: T) => T): T[] {
  return [...Map.groupBy(items, keyOf)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, same]) => same.reduce(add));
}
