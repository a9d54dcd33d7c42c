import type { AdvanceCommand, Command, RollbackCommand } from '../../src/rollout/command.ts';
import { transition } from '../../src/rollout/transition.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { plan } from './fixtures.ts';

/** Who commands in tests, and why. */
export const by = { who: 'ana', reason: 'because' } as const;

/** One position back, unless told otherwise. */
export function rollback(more: Partial<RollbackCommand> = {}): RollbackCommand {
  return { verb: 'rollback', to: null, ...by, ...more };
}

/** One position on as the gates allow, unless told otherwise. */
export function advance(more: Partial<AdvanceCommand> = {}): AdvanceCommand {
  return { verb: 'advance', to: null, force: false, legacyServes: false, ...by, ...more };
}

/** What a command makes of a state under the fixture's plan. @throws when it is refused */
export function done(state: RolloutState, command: Command) {
  const made = transition(state, command, plan, 9_000);
  if (!made.ok) throw new Error(`${made.code}: ${made.message}`);
  return made;
}

/** Why a command is refused. @throws when it is carried out */
export function refused(state: RolloutState, command: Command) {
  const made = transition(state, command, plan, 9_000);
  if (made.ok) throw new Error('it was carried out');
  return made;
}
