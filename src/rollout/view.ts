import type { RolloutView } from '../core/snapshot.ts';
import { clampPosition, comparePositions, previous } from './position.ts';
import type { Position, RolloutPlan, RolloutState } from './state.ts';

/** Shares of the users of each region that the candidate answers, 0 to 1. A region that is absent has `rest`. */
export interface Exposure {
  readonly regions: Readonly<Record<string, number>>;
  /** Share in every region the plan does not name: 1 from enforce on, else 0. */
  readonly rest: number;
}

/** Regions taken back alone, of a state; a mere position has none. */
interface Withdrawing {
  readonly withdrawn?: readonly string[];
}

/**
 * What a position shows of the candidate to live traffic. Steps add up: a later step of the same region
 * replaces its share, other regions keep theirs. The canary's own traffic is not a share.
 */
export function exposureAt(position: Position & Withdrawing, plan: RolloutPlan): Exposure {
  const { phase, step, withdrawn = [] } = position;
  const everything = phase === 'enforce' || phase === 'retired';
  const reached = phase === 'regional' ? step : -1;
  const regions: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const [index, { region, share }] of plan.regional.steps.entries()) {
    if (everything) regions[region] = 1;
    else if (index <= reached) regions[region] = share;
  }
  for (const region of withdrawn) if (everything || Object.hasOwn(regions, region)) regions[region] = 0;
  return { regions: { ...regions }, rest: everything ? 1 : 0 };
}

/** The share of one region. */
export function shareOf(exposure: Exposure, region: string): number {
  return Object.hasOwn(exposure.regions, region) ? (exposure.regions[region] as number) : exposure.rest;
}

/** A region that sees more of the candidate at `to` than at `from`, or null. */
export function raisedRegion(
  from: Position & Withdrawing,
  to: Position & Withdrawing,
  plan: RolloutPlan,
): string | null {
  const before = exposureAt(from, plan);
  const after = exposureAt(to, plan);
  const named = plan.regional.steps.map((step) => step.region);
  return named.find((region) => shareOf(after, region) > shareOf(before, region)) ?? null;
}

/** Where a rollback without a target goes: the last position before this one that raises no share. Null at the start. */
export function back(position: Position, plan: RolloutPlan): Position | null {
  const { phase, step } = position;
  let to = previous(position, plan);
  while (to !== null && raisedRegion({ phase, step }, to, plan) !== null) to = previous(to, plan);
  return to;
}

/**
 * Where a state stands in a changed plan: the same position, or the last one before it that raises no region's share.
 * Shares rise by an advance and by nothing else.
 */
export function fitting(state: RolloutState, plan: RolloutPlan): Position {
  let to: Position | null = clampPosition(state, plan);
  while (to !== null && raises(state, to, plan)) to = previous(to, plan);
  return to ?? { phase: 'shadow', step: 0 };
}

function raises(state: RolloutState, to: Position, plan: RolloutPlan): boolean {
  const after = exposureAt({ ...to, withdrawn: stillWithdrawn(state.withdrawn, to) }, plan);
  return changes(state, after, plan).some((change) => change > 0);
}

/** What a state gives, whatever plan gave it. */
function given(state: RolloutState, plan: RolloutPlan): Exposure {
  return { regions: state.shares, rest: exposureAt(state, plan).rest };
}

function regionsOf(one: Exposure, other: Exposure): string[] {
  return [...new Set([...Object.keys(one.regions), ...Object.keys(other.regions)])];
}

/** By how much the share of each region changes from what a state gives. */
function changes(state: RolloutState, after: Exposure, plan: RolloutPlan): number[] {
  const before = given(state, plan);
  return regionsOf(after, before).map((region) => shareOf(after, region) - shareOf(before, region));
}

/** What is shown of a state: what its plan gives, and never more than is stored, should another plan have made the state. */
function shown(state: RolloutState, plan: RolloutPlan): Readonly<Record<string, number>> {
  const [planned, stored] = [exposureAt(state, plan), given(state, plan)];
  const least = (region: string): number => Math.min(shareOf(planned, region), shareOf(stored, region));
  const named = regionsOf(planned, stored).filter(
    (region) => Object.hasOwn(planned.regions, region) || least(region) < planned.rest,
  );
  return Object.fromEntries(named.map((region) => [region, least(region)]));
}

/** Whether a plan gives a state the position and the shares that it has. */
export function gives(state: RolloutState, plan: RolloutPlan): boolean {
  const same = changes(state, exposureAt(state, plan), plan).every((change) => change === 0);
  return same && comparePositions(clampPosition(state, plan), state) === 0;
}

/** What of the withdrawn regions is still withdrawn at a position: where no region has a share, there is nothing to keep. */
export function stillWithdrawn(withdrawn: readonly string[], { phase }: Position): readonly string[] {
  return phase === 'regional' || phase === 'enforce' ? withdrawn : [];
}

/**
 * The part of a state that decides about single requests.
 * @param tauUs tail threshold per route, microseconds
 */
export function rolloutView(
  state: RolloutState,
  plan: RolloutPlan,
  tauUs: Readonly<Record<string, number>>,
): RolloutView {
  const { phase, bypass, epoch, salt } = state;
  const base = { phase, bypass, epoch, salt, tauUs };
  if (bypass) return { ...base, sample: 0, reverseSample: 0, canary: [], shares: {} };
  return { ...base, shares: shown(state, plan), ...copiesOf(state, plan) };
}

function copiesOf(
  { phase }: Position,
  plan: RolloutPlan,
): Pick<RolloutView, 'sample' | 'reverseSample' | 'canary'> {
  const { sample } = plan.shadow;
  switch (phase) {
    case 'shadow':
      return { sample, reverseSample: 0, canary: [] };
    case 'canary':
    case 'regional':
      // The canary's traffic stays with the candidate while live traffic follows.
      return { sample, reverseSample: 1, canary: plan.canary.match };
    case 'enforce':
      return { sample: 0, reverseSample: plan.enforce.reverseSample, canary: [] };
    case 'retired':
      return { sample: 0, reverseSample: 0, canary: [] };
  }
}
