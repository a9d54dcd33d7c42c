import { refuse } from './command.ts';
import type { AdvanceCommand, Refusal, Transition } from './command.ts';
import { positionName } from './position.ts';
import type { RolloutPlan, RolloutState } from './state.ts';
import { exposureAt, shareOf } from './view.ts';

/** The rollout moved on since the evidence of a command was looked at. */
export function anotherEpoch(): Refusal {
  const message = 'the rollout changed since this was decided: its evidence is of another epoch';
  return refuse(5, 'MOVED', message, 'cutover status');
}

/** The state without one region's share, or an answer that changes nothing. */
export function withdrawnState(
  state: RolloutState,
  region: string,
  plan: RolloutPlan,
): RolloutState | Transition {
  const known = plan.regional.steps.map((step) => step.region);
  if (!known.includes(region)) return noSuchRegion(region, known);
  if (state.withdrawn.includes(region)) return { ok: true, state, entry: null };
  if (state.phase === 'retired' || shareOf(exposureAt(state, plan), region) === 0) {
    const message = `the candidate has no share in ${region} that could be taken back alone`;
    return refuse(5, 'NO_SHARE', message, 'the whole rollout: cutover rollback --reason TEXT');
  }
  return { ...state, withdrawn: [...state.withdrawn, region].toSorted() };
}

/** The state with one region's share given back: by force only, because no gate has evidence for it. */
export function readmittedState(
  state: RolloutState,
  { region = '', force }: AdvanceCommand,
): RolloutState | Transition {
  if (state.paused) return refuse(5, 'PAUSED', 'the rollout is paused', 'cutover resume');
  if (!state.withdrawn.includes(region)) {
    const message = `${region} was not taken back: it has what ${positionName(state)} gives it`;
    return refuse(2, 'NOT_WITHDRAWN', message, 'cutover status');
  }
  if (!force) {
    const message = `no gate speaks for ${region}: it was taken back, and its users were not shown the candidate since`;
    return refuse(5, 'NO_EVIDENCE', message, `cutover advance --region ${region} --force --reason TEXT`);
  }
  return { ...state, withdrawn: state.withdrawn.filter((each) => each !== region) };
}

function noSuchRegion(region: string, known: readonly string[]): Refusal {
  const names = known.length === 0 ? 'it has no regional steps' : `it has ${[...new Set(known)].join(', ')}`;
  return refuse(
    2,
    'NO_SUCH_REGION',
    `the plan has no region ${region}: ${names}`,
    'see rollout.regional.steps in cutover.yaml',
  );
}
