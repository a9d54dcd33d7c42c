import { hash32, mix32 } from '../core/hash.ts';
import { incarnation } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { ENTRY_WORDS, OF_CANDIDATE, SCOPE_SHIFT, WAS_BAD } from './cohort-buffer.ts';
import { addRegions } from './cohort-merge.ts';
import { SampleCounter, withSample } from './sample-counter.ts';
import type { CohortDelta, CohortScope, RegionCohorts, WindowCohorts } from './cohort-types.ts';
import { SeenSet } from './seen-set.ts';
import type { Mark } from './seen-set.ts';

type Side = 'candidate' | 'legacy';

/** A scope as it is counted; seeds make marks of the same user different ones. */
interface Place {
  readonly scope: CohortScope;
  readonly inRegion: number;
  readonly failing: number;
  readonly onRoute: number;
  /** Users of the whole epoch so far. */
  readonly told: Record<Side, number>;
}

/** New users while a delta is read. */
interface Tally {
  readonly candidate: { users: number; bad: number };
  readonly legacy: { users: number; bad: number };
  lost: number;
}

/**
 * Tells the users of all workers apart, over one epoch: a user counts once, and fails once. It forgets with its process:
 * its counts carry the name of what it remembers, so that nobody adds them to those of another one.
 */
export class CohortCounter {
  private epoch = -1;
  private seen: SeenSet | null = null;
  private sample: SampleCounter | null = null;
  private readonly places = new Map<string, Place>();

  /** Memory held, bytes. */
  get bytes(): number {
    return (this.seen?.bytes ?? 0) + (this.sample?.bytes ?? 0);
  }

  /** The users of a delta that are new; undefined without any, or for an epoch that is over. */
  count(epoch: number, delta: CohortDelta | undefined): WindowCohorts | undefined {
    if (epoch > this.epoch) this.forget(epoch);
    if (delta === undefined || epoch < this.epoch) return undefined;
    const places = delta.scopes.map((scope) => this.placeOf(scope));
    const { regions, routes } = this.read(delta.entries, places);
    const lost = regionsOf(delta.scopes).map((region) => counted(region, noTally(delta.lost), []));
    const found = [...regions].map(([region, tally]) => counted(region, tally, routes.get(region) ?? []));
    const all = Map.groupBy([...found, ...(delta.lost > 0 ? lost : [])], ({ region }) => region);
    const sums = [...all.values()].map((same) => same.reduce(addRegions));
    const sample = delta.sampled && (this.sample ??= new SampleCounter()).count(delta.sampled);
    return { set: `${incarnation}.${epoch}`, earlier: [], regions: sums, ...withSample(sample) };
  }

  private forget(epoch: number): void {
    this.epoch = epoch;
    this.seen = null;
    this.sample = null;
    this.places.clear();
  }

  private read(entries: Uint32Array, places: readonly Place[]) {
    const seen = (this.seen ??= new SeenSet());
    const regions = new Map<string, Tally>();
    const before = places.map(({ told }) => ({ ...told }));
    for (let at = 0; at < entries.length; at += ENTRY_WORDS) {
      const high = entries[at] as number;
      const low = entries[at + 1] as number;
      const about = entries[at + 2] as number;
      const place = places[about >>> SCOPE_SHIFT];
      if (place === undefined) continue;
      const tally = regions.get(place.scope.region) ?? noTally(0);
      regions.set(place.scope.region, tally);
      const side = (about & OF_CANDIDATE) === 0 ? 'legacy' : 'candidate';
      const mark = (seed: number): Mark => seen.add(mix32(high ^ seed), mix32(low ^ mix32(seed)));
      take(mark(place.inRegion), tally, side, 'users');
      if ((about & WAS_BAD) !== 0) take(mark(place.failing), tally, side, 'bad');
      if (place.told[side] < LIMITS.cohortRouteUsers && mark(place.onRoute) === 'new') place.told[side] += 1;
    }
    const routes = Map.groupBy(
      places.flatMap((place, at) => newOnRoute(place, before[at] as Record<Side, number>)),
      ({ region }) => region,
    );
    return { regions, routes };
  }

  private placeOf(scope: CohortScope): Place {
    const { region, route, methods } = scope;
    const name = `${region}\n${route}\n${methods}`;
    const known = this.places.get(name);
    if (known !== undefined) return known;
    const place = {
      scope,
      inRegion: hash32(`in\n${region}`),
      failing: hash32(`failing\n${region}`),
      onRoute: hash32(`on\n${name}`),
      told: { candidate: 0, legacy: 0 },
    };
    this.places.set(name, place);
    return place;
  }
}

function noTally(lost: number): Tally {
  return { candidate: { users: 0, bad: 0 }, legacy: { users: 0, bad: 0 }, lost };
}

function take(mark: Mark, tally: Tally, side: Side, what: 'users' | 'bad'): void {
  if (mark === 'new') tally[side][what] += 1;
  else if (mark === 'full') tally.lost += 1;
}

function newOnRoute({ scope, told }: Place, before: Readonly<Record<Side, number>>) {
  const [candidate, legacy] = [told.candidate - before.candidate, told.legacy - before.legacy];
  return candidate + legacy === 0 ? [] : [{ ...scope, candidate, legacy }];
}

function counted(
  region: string,
  { candidate, legacy, lost }: Tally,
  routes: readonly (CohortScope & Readonly<Record<Side, number>>)[],
): RegionCohorts {
  const counts = routes.map(({ route, methods, ...users }) => ({
    route,
    methods,
    candidate: users.candidate,
    legacy: users.legacy,
  }));
  return { region, candidate, legacy, lost, routes: counts };
}

function regionsOf(scopes: readonly CohortScope[]): string[] {
  return [...new Set(scopes.map(({ region }) => region))];
}
