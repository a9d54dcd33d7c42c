import { refuse } from './command.ts';
import type { AdvanceCommand, Command, Refusal } from './command.ts';
import type { GateVerdict } from './gates/types.ts';
import { comparePositions, next, positionName } from './position.ts';
import type { Position, RolloutPlan, RolloutState } from './state.ts';

/** Why an advance that asks the gates may not go there, or null: it may. */
export function gated(
  state: RolloutState,
  { gate, approve = false }: AdvanceCommand,
  to: Position,
  plan: RolloutPlan,
): Refusal | null {
  const nearest = next(state, plan);
  if (nearest === null || comparePositions(to, nearest) !== 0) return tooFar(nearest, to);
  if (state.withdrawn.length > 0) return regionsMissing(state.withdrawn);
  if (gate === undefined) {
    const message = `no gate has evidence, so nothing says that ${positionName(to)} is safe`;
    return refuse(5, 'NO_EVIDENCE', message, 'cutover advance --force --reason TEXT');
  }
  if (gate.epoch !== state.epoch) {
    const message = 'the rollout changed while its gates were looked at';
    return refuse(5, 'MOVED', message, 'look again: cutover gate');
  }
  if (gate.verdict === 'ready') return gate.approval && !approve ? awaitsApproval() : null;
  return refuse(EXIT_CODES[gate.verdict], CODES[gate.verdict], gate.message, hintOf(gate.verdict));
}

const EXIT_CODES = { abort: 3, invalid: 7, inconclusive: 4, hold: 4 } as const;

const CODES = {
  abort: 'GATE_ABORT',
  invalid: 'GATE_INVALID',
  inconclusive: 'GATE_INCONCLUSIVE',
  hold: 'GATE_HOLD',
} as const;

function hintOf(verdict: Exclude<GateVerdict, 'ready'>): string {
  switch (verdict) {
    case 'abort':
      return 'what is wrong: cutover differences; a fixed candidate gets another candidate.version, then: cutover reload';
    case 'invalid':
      return 'which evidence is missing: cutover gate';
    case 'inconclusive':
    case 'hold':
      return 'wait for it: cutover wait --for ready; or decide without: cutover advance --force --reason TEXT';
  }
}

function awaitsApproval(): Refusal {
  const message = 'the gates are ready, and this step waits for the approval of a person';
  return refuse(5, 'AWAITING_APPROVAL', message, 'cutover advance --approve --reason TEXT');
}

function tooFar(nearest: Position | null, to: Position): Refusal {
  const place = nearest === null ? 'nothing' : positionName(nearest);
  const message = `the gates speak for the next position only, which is ${place}, not for ${positionName(to)}`;
  return refuse(5, 'NOT_NEXT', message, 'cutover advance, step by step; or --force --reason TEXT');
}

function regionsMissing(withdrawn: readonly string[]): Refusal {
  const message = `${withdrawn.join(', ')} was taken back, so the step before is not finished`;
  const hint = `let it in again: cutover advance --region ${withdrawn[0]} --force --reason TEXT`;
  return refuse(5, 'REGION_WITHDRAWN', message, hint);
}

/** The one region a command is about, or null: the whole rollout. */
export function regionOf(command: Command): string | null {
  return command.verb === 'advance' || command.verb === 'rollback' ? (command.region ?? null) : null;
}

/** What a command was decided on, to be stored with it; undefined: nothing was looked at, or nothing is kept of it. */
export function proofOf(command: Command): string | undefined {
  return command.verb === 'advance' || command.verb === 'rollback' ? command.proof : undefined;
}

/** SHA-256 of the evidence a command was decided on, or null: on none. */
export function evidenceOf(command: Command): string | null {
  if (command.verb === 'advance') return command.force ? null : (command.gate?.evidenceHash ?? null);
  return command.verb === 'rollback' ? (command.evidenceHash ?? null) : null;
}
