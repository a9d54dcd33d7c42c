import { authored, refuse } from './command.ts';
import type { AdvanceCommand, Command, Refusal, RollbackCommand, Transition } from './command.ts';
import { comparePositions, next, positionName, resolveTarget } from './position.ts';
import type { Target } from './position.ts';
import type { Position, RolloutPlan, RolloutState } from './state.ts';
import { evidenceOf, gated, regionOf } from './gated.ts';
import { anotherEpoch, readmittedState, withdrawnState } from './regions.ts';
import { identityOf } from './state.ts';
import { back, exposureAt, fitting, gives, raisedRegion, stillWithdrawn } from './view.ts';

type Move = { readonly ok: true; readonly to: Position } | Refusal;

/**
 * What a command makes of a state: pure and total, it never throws.
 * @param state null before the rollout was started
 * @param plan for `reload` the new plan, else the one in force
 * @param nowMs milliseconds since the Unix epoch
 */
export function transition(
  state: RolloutState | null,
  command: Command,
  plan: RolloutPlan,
  nowMs: number,
): Transition {
  const checked = authored(command);
  if (!checked.ok) return checked;
  if (state === null) return start(checked.command, nowMs);
  return change(state, checked.command, plan, nowMs);
}

function start(command: Command, nowMs: number): Transition {
  if (command.verb !== 'start') {
    return refuse(5, 'NOT_STARTED', 'there is no rollout yet', 'start the gateway: cutover run');
  }
  const shadow: Position = { phase: 'shadow', step: 0 };
  const state: RolloutState = {
    ...shadow,
    schemaVersion: 1,
    sequence: 1,
    paused: false,
    bypass: false,
    epoch: 1,
    epochSinceMs: nowMs,
    salt: command.salt,
    sinceMs: nowMs,
    lastGood: shadow,
    withdrawn: [],
    shares: {},
    provenFor: null,
    legacyErrorRate: 0,
    configHash: command.configHash,
    build: command.build,
  };
  return recorded(null, state, command, nowMs);
}

function change(state: RolloutState, command: Command, plan: RolloutPlan, nowMs: number): Transition {
  switch (command.verb) {
    case 'start':
      return refuse(5, 'ALREADY_STARTED', 'there is a rollout already', 'look at it: cutover status');
    case 'advance':
      if (command.region !== undefined) return readmitted(state, command, plan, nowMs);
      return moved(state, advanceTo(state, command, plan), command, { plan, nowMs });
    case 'rollback':
      if (command.ifEpoch !== undefined && command.ifEpoch !== state.epoch) return anotherEpoch();
      if (command.region !== undefined) return withdrawn(state, command, plan, nowMs);
      return moved(state, rollbackTo(state, command, plan), command, { plan, nowMs });
    case 'pause':
    case 'resume': {
      const paused = command.verb === 'pause';
      if (paused === state.paused) return { ok: true, state, entry: null };
      return recorded(state, { ...state, paused }, command, nowMs);
    }
    case 'bypass':
    case 'bypass_off': {
      const bypass = command.verb === 'bypass';
      if (bypass === state.bypass) return { ok: true, state, entry: null };
      // Time under the kill switch shows nothing: neither does it count as dwell, nor towards the longest time.
      const epoch = bypass ? {} : newEpoch(state, nowMs);
      return recorded(state, { ...state, bypass, ...epoch }, command, nowMs);
    }
    case 'reload':
      return reloaded(state, command, plan, nowMs);
  }
}

/** Where an advance goes: one position on when the gates are ready, anywhere ahead by force. */
function advanceTo(state: RolloutState, command: AdvanceCommand, plan: RolloutPlan): Move {
  if (state.paused) return refuse(5, 'PAUSED', 'the rollout is paused', 'cutover resume');
  if (state.bypass) {
    const message = 'the kill switch is on: everything goes to legacy, so a step forward would show nothing';
    return refuse(5, 'BYPASSED', message, 'cutover bypass --off');
  }
  const to = command.to === null ? next(state, plan) : resolveTarget(command.to, plan);
  if (to === null) return noSuchPlace(state, command.to, plan);
  if (comparePositions(to, state) <= 0) {
    const message = `${positionName(to)} is not ahead of ${positionName(state)}, where the rollout stands`;
    return refuse(2, 'NOT_FORWARD', message, `cutover rollback --to ${to.phase} --reason TEXT`);
  }
  const retirement = to.phase === 'retired' ? mayRetire(state, command) : null;
  if (retirement !== null) return retirement;
  return command.force ? { ok: true, to } : (gated(state, command, to, plan) ?? { ok: true, to });
}

function mayRetire(state: RolloutState, command: AdvanceCommand): Refusal | null {
  if (state.phase !== 'enforce') {
    const message = `retired follows enforce only, and the rollout is in ${positionName(state)}`;
    return refuse(5, 'NOT_ENFORCED', message, 'cutover advance --to enforce --force --reason TEXT');
  }
  if (!command.legacyServes) return null;
  const message = 'legacy still answers clients (or it is not known that it does not)';
  return refuse(5, 'LEGACY_SERVES', message, 'find them in the access log by lane, then wait one window');
}

/** Where a rollback goes: never gated, never forward, and never to more of the candidate in any region. */
function rollbackTo(state: RolloutState, command: RollbackCommand, plan: RolloutPlan): Move {
  if (command.to === null) return stepBack(state, plan);
  const to = resolveTarget(command.to, plan);
  if (to === null) return noSuchPlace(state, command.to, plan);
  if (state.phase === 'shadow') return atStart();
  if (comparePositions(to, state) >= 0) {
    const message = `${positionName(to)} is not behind ${positionName(state)}, where the rollout stands`;
    return refuse(2, 'NOT_BACKWARD', message, `cutover advance --to ${to.phase}`);
  }
  const kept = stillWithdrawn(state.withdrawn, to);
  const raised = raisedRegion(state, { ...to, withdrawn: kept }, plan);
  if (raised === null) return { ok: true, to };
  const message = `${positionName(to)} would raise the candidate's share in ${raised}`;
  return refuse(2, 'RAISES_SHARE', message, 'cutover rollback --reason TEXT');
}

function stepBack(state: RolloutState, plan: RolloutPlan): Move {
  const to = back(state, plan);
  return to === null ? atStart() : { ok: true, to };
}

function atStart(): Refusal {
  const message = 'the rollout is in shadow, its first phase: legacy answers every client already';
  return refuse(5, 'AT_START', message, 'to stop the copies too: cutover bypass');
}

function noSuchPlace(state: RolloutState, target: Target | null, plan: RolloutPlan): Refusal {
  if (target === null) {
    const message = `the rollout is ${positionName(state)}: there is nothing after it`;
    return refuse(5, 'AT_END', message, 'to go back: cutover rollback --reason TEXT');
  }
  const steps = plan.regional.steps.length;
  const message = `the plan has no ${target.phase}/${(target.step ?? 0) + 1}: it has ${steps} regional steps`;
  return refuse(2, 'NO_SUCH_STEP', message, 'see rollout.regional.steps in cutover.yaml');
}

/** Takes one region back, or lets it in again: the position stays, the epoch does not. */
function withdrawn(
  state: RolloutState,
  command: RollbackCommand,
  plan: RolloutPlan,
  nowMs: number,
): Transition {
  const made = withdrawnState(state, command.region ?? '', plan);
  if ('ok' in made) return made;
  return recorded(
    state,
    inEffect({ ...made, ...newEpoch(state, nowMs), sinceMs: nowMs }, plan),
    command,
    nowMs,
  );
}

function readmitted(
  state: RolloutState,
  command: AdvanceCommand,
  plan: RolloutPlan,
  nowMs: number,
): Transition {
  const made = readmittedState(state, command);
  if ('ok' in made) return made;
  return recorded(
    state,
    inEffect({ ...made, ...newEpoch(state, nowMs), sinceMs: nowMs }, plan),
    command,
    nowMs,
  );
}

/** The state with the shares that it gives. */
function inEffect(state: RolloutState, plan: RolloutPlan): RolloutState {
  return { ...state, shares: exposureAt(state, plan).regions };
}

function moved(
  state: RolloutState,
  move: Move,
  command: Command,
  { plan, nowMs }: { readonly plan: RolloutPlan; readonly nowMs: number },
): Transition {
  if (!move.ok) return move;
  const { phase, step } = move.to;
  const lastGood = back(move.to, plan) ?? move.to;
  const withdrawn = stillWithdrawn(state.withdrawn, move.to);
  const seen = command.verb === 'advance' ? command.legacyErrorRate : undefined;
  const legacyErrorRate = seen ?? state.legacyErrorRate;
  const place = { phase, step, lastGood, withdrawn, sinceMs: nowMs };
  const proven = command.verb === 'advance' && !command.force;
  // What was forced was not proven, and what the gates took back was refuted.
  const refuted = command.verb === 'advance' || evidenceOf(command) !== null;
  const provenFor = proven ? identityOf(state) : refuted ? null : state.provenFor;
  const after = { ...state, ...place, legacyErrorRate, provenFor, ...newEpoch(state, nowMs) };
  return recorded(state, inEffect(after, plan), command, nowMs);
}

function reloaded(
  state: RolloutState,
  command: Extract<Command, { verb: 'reload' }>,
  plan: RolloutPlan,
  nowMs: number,
): Transition {
  const { configHash, build } = command;
  const to = fitting(state, plan);
  const withdrawn = stillWithdrawn(state.withdrawn, to);
  const stays = comparePositions(to, state) === 0;
  if (configHash === state.configHash && build === state.build && gives(state, plan)) {
    return recorded(state, state, command, nowMs);
  }
  const sinceMs = stays ? state.sinceMs : nowMs;
  const { phase, step } = to;
  const place = { phase, step, sinceMs, lastGood: back(to, plan) ?? to, withdrawn };
  const after = { ...state, ...place, configHash, build, ...newEpoch(state, nowMs) };
  return recorded(state, inEffect(after, plan), command, nowMs);
}

/** What was counted before says nothing from now on. */
function newEpoch({ epoch }: RolloutState, nowMs: number): Pick<RolloutState, 'epoch' | 'epochSinceMs'> {
  return { epoch: epoch + 1, epochSinceMs: nowMs };
}

/** The state with its number, and the entry that says how it came about. */
function recorded(
  before: RolloutState | null,
  after: RolloutState,
  command: Command,
  nowMs: number,
): Transition {
  const sequence = (before?.sequence ?? 0) + 1;
  return {
    ok: true,
    state: { ...after, sequence },
    entry: {
      sequence,
      atMs: nowMs,
      who: command.who,
      verb: command.verb,
      from: before === null ? null : { phase: before.phase, step: before.step },
      to: { phase: after.phase, step: after.step },
      reason: command.reason,
      region: regionOf(command),
      forced: command.verb === 'advance' && command.force,
      epoch: after.epoch,
      evidenceHash: evidenceOf(command),
    },
  };
}
