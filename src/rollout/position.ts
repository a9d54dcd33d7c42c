import { PHASES } from '../core/snapshot.ts';
import type { Phase } from '../core/snapshot.ts';
import type { Position, RolloutPlan } from './state.ts';

/** Where somebody wants to go. A phase without a step means its first step. */
export interface Target {
  readonly phase: Phase;
  readonly step?: number;
}

/**
 * Every position of a plan, in order: shadow, canary, each regional step, enforce, retired.
 * A plan without regional steps has no regional position.
 */
export function positions(plan: RolloutPlan): readonly Position[] {
  return PHASES.flatMap((phase): Position[] =>
    phase === 'regional' ? plan.regional.steps.map((_, step) => ({ phase, step })) : [{ phase, step: 0 }],
  );
}

/** Negative when `left` comes before `right`, 0 when they are the same. */
export function comparePositions(left: Position, right: Position): number {
  const phases = PHASES.indexOf(left.phase) - PHASES.indexOf(right.phase);
  return phases === 0 ? left.step - right.step : phases;
}

/** The position after this one, or null at the end. */
export function next(position: Position, plan: RolloutPlan): Position | null {
  return positions(plan).find((candidate) => comparePositions(candidate, position) > 0) ?? null;
}

/** The position before this one, or null at the start. */
export function previous(position: Position, plan: RolloutPlan): Position | null {
  return positions(plan).findLast((candidate) => comparePositions(candidate, position) < 0) ?? null;
}

/** The position a target names, or null when the plan has none such. */
export function resolveTarget(target: Target, plan: RolloutPlan): Position | null {
  const wanted = { phase: target.phase, step: target.step ?? 0 };
  return positions(plan).find((position) => comparePositions(position, wanted) === 0) ?? null;
}

/** The same position in a plan that may have fewer steps; never one that comes later. */
export function clampPosition(position: Position, plan: RolloutPlan): Position {
  const kept = positions(plan).findLast((candidate) => comparePositions(candidate, position) <= 0);
  return kept ?? { phase: 'shadow', step: 0 };
}

/**
 * A position as people read and write it: `canary`, `regional/1` for the first regional step. People count from 1;
 * everything that programs read counts from 0 (`step` is an index).
 */
export function positionName(position: Position): string {
  return position.phase === 'regional' ? `regional/${position.step + 1}` : position.phase;
}
