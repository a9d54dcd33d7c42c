import type { Command, RollbackCommand } from './command.ts';
import { chain } from './history.ts';
import type { Decision, Stored } from './ledger.ts';
import { clampPosition } from './position.ts';
import type { Position, RolloutPlan } from './state.ts';
import { transition } from './transition.ts';

/** A decision that took effect on this node while the store was out of reach. */
export interface Unstored {
  readonly command: Command;
  readonly decision: Decision;
}

/** A place outside the store where decisions survive the end of this process. */
export interface UnstoredLog {
  /** Replaces what is kept; it is on the disk when this returns. @throws the system's error */
  save(list: readonly Unstored[]): void;
  /** What an earlier process left, [] when nothing. Never throws: it deals with what cannot be read. */
  load(): readonly Unstored[];
  /** Nothing can be saved: makes sure that after a restart no client gets the candidate. @returns whether that worked */
  fallBack(): boolean;
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
    const to = clampPosition(decision.state, plan);
    const exact = command.verb === 'rollback' ? exactly(command, to) : command;
    const made = transition(from.state, exact, plan, decision.entry.atMs);
    if (!made.ok || made.entry === null) continue;
    const entry = chain(from.entry, made.entry);
    const { proof } = decision;
    again.push({ command: exact, decision: { id: newId(), state: made.state, entry, proof } });
  }
  return again;
}

/** The same rollback to where it led, whatever the epoch is by now: the decision stands. */
function exactly(command: RollbackCommand, to: Position): RollbackCommand {
  const { ifEpoch: _, ...rest } = command;
  return { ...rest, to };
}

const KILL_SWITCH_INSTEAD =
  'neither the store nor the run directory took the decision: the kill switch was thrown, so that a restart sends everything to legacy';
const NOWHERE =
  'neither the store nor the run directory took the decision: it is in effect, and a restart would forget it';

/** The decisions that are in effect here and not stored, in order, kept where a restart finds them. */
export class UnstoredList {
  list: readonly Unstored[] = [];
  private readonly log: UnstoredLog | null;
  private readonly say: (message: string) => void;
  private kept = true;
  private sheltered = false;

  constructor(log: UnstoredLog | null, say: (message: string) => void) {
    this.log = log;
    this.say = say;
  }

  /** Takes in what an earlier process left. */
  recall(): void {
    this.list = this.log?.load() ?? [];
  }

  /** Whether a restart knows all of it, or at least sends everything to legacy. */
  get survivesRestart(): boolean {
    return this.kept || this.sheltered;
  }

  /** What people must know of it. */
  get warnings(): readonly string[] {
    if (this.kept) return [];
    return [this.sheltered ? KILL_SWITCH_INSTEAD : NOWHERE];
  }

  /** Puts one at the end and keeps it before anybody hears that it was done. */
  add(unstored: Unstored): void {
    this.replace([...this.list, unstored]);
    if (this.kept) return;
    this.sheltered = this.log?.fallBack() ?? false;
    for (const warning of this.warnings) this.say(warning);
  }

  /** Another list, as far as it can be kept. */
  replace(list: readonly Unstored[]): void {
    if (list.length === 0 && this.list.length === 0) return;
    this.list = list;
    this.keep();
  }

  /** The first one is stored. What is kept changes with the last one only: the store knows the others. */
  shift(): void {
    this.list = this.list.slice(1);
    if (this.list.length === 0) this.keep();
  }

  /** Tries again what could not be kept. */
  retry(): void {
    if (!this.kept && this.list.length > 0) this.keep();
  }

  /** Names what the end of this process leaves behind. */
  sayLeft(): void {
    const how = this.survivesRestart ? 'the next start takes it up' : 'it will be forgotten';
    for (const { decision } of this.list) {
      const { verb, who, sequence } = decision.entry;
      this.say(`the ${verb} of ${who} (entry ${sequence}) is in effect and was not stored: ${how}`);
    }
  }

  private keep(): void {
    try {
      this.log?.save(this.list);
      this.kept = this.log !== null || this.list.length === 0;
    } catch {
      // An empty list that could not be taken away does no harm: the audit has its entries.
      this.kept = this.list.length === 0;
    }
  }
}
