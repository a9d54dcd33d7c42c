import type { Command } from './command.ts';
import { chain } from './history.ts';
import type { Decision, Stored } from './ledger.ts';
import type { RolloutPlan } from './state.ts';
import { transition } from './transition.ts';

/** A decision that took effect on this node while the store was out of reach. */
export interface Unstored {
  readonly command: Command;
  readonly decision: Decision;
}

/**
 * Puts decisions that are not stored on top of what the store turned out to hold. Those it holds already are
 * taken off; where somebody else acted meanwhile, the rest is decided again, with its author, reason, time and
 * the position it led to. A rollback to where the rollout is by now, or further back, is dropped.
 */
export function rebase(
  unstored: readonly Unstored[],
  stored: Stored,
  plan: RolloutPlan,
  newId: () => string,
): readonly Unstored[] {
  const held = unstored.findIndex(({ decision }) => decision.entry.hash === stored.entry.hash);
  const rest = unstored.slice(held + 1);
  if (rest[0]?.decision.entry.previousHash === stored.entry.hash) return rest;
  const again: Unstored[] = [];
  for (const { command, decision } of rest) {
    const from = again.at(-1)?.decision ?? stored;
    const { phase, step } = decision.state;
    const exact = command.verb === 'rollback' ? { ...command, to: { phase, step } } : command;
    const made = transition(from.state, exact, plan, decision.entry.atMs);
    if (!made.ok) continue;
    const entry = chain(from.entry, made.entry);
    again.push({ command: exact, decision: { id: newId(), state: made.state, entry } });
  }
  return again;
}
