import type { RandomSource } from '../core/random.ts';
import type { AdvanceCommand, Command, Refusal, RollbackCommand, SwitchCommand } from './command.ts';
import type { Decision } from './ledger.ts';
import type { StoreStatus } from './ports.ts';
import type { HistoryEntry, RolloutPlan, RolloutState } from './state.ts';
import type { UnstoredLog } from './unstored.ts';

/** What an operator may ask for. */
export type OperatorCommand = AdvanceCommand | RollbackCommand | SwitchCommand;

/** A command that was carried out, or the reason why not. */
export type ApplyResult = Applied | Refusal;

export interface Applied {
  readonly ok: true;
  readonly state: RolloutState;
  readonly entry: HistoryEntry;
  /** False: it was so already; nothing was written, and `entry` is the newest one. */
  readonly changed: boolean;
  /** False: in effect on this node, and stored when the store is back. */
  readonly stored: boolean;
  /** False: neither the store nor this node's disk took it, so a restart forgets it. */
  readonly survivesRestart: boolean;
  /** For people: what else did not go as it should. */
  readonly warnings: readonly string[];
}

/** The last entries of the audit, newest last. */
export interface HistoryPage {
  /** Every hash was recomputed and the chain has no gap. */
  readonly intact: boolean;
  readonly total: number;
  readonly entries: readonly HistoryEntry[];
}

export interface ControllerOptions {
  readonly plan: RolloutPlan;
  readonly configHash: string;
  readonly build: string;
  /** Said in the audit when the configuration or build is another one. */
  readonly startReason?: string;
  /** Names this process to others that want the lease. */
  readonly holder: string;
  /** Puts what is known at this moment into a command, just before it is decided. Must not throw. */
  readonly ask?: (command: Command) => Command;
  /** Makes a state take effect: called after every change, in order, with the plan that is gone by. Must not throw. */
  readonly publish: (state: RolloutState, plan: RolloutPlan) => void;
  /** One line for the log of the process. */
  readonly log?: (message: string) => void;
  readonly nowMs?: () => number;
  readonly random?: RandomSource;
  readonly newId?: () => string;
  readonly leaseMs?: number;
  /** Where decisions wait that the store did not take; without it they live as long as this process. */
  readonly unstoredLog?: UnstoredLog;
  /** How often the lease is renewed and what could not be stored is stored; 0: by `tick` only. */
  readonly tickMs?: number;
}

/** How the controller and its store stand. */
export interface ControllerHealth {
  /** This controller acts; else another one does, and this one follows. */
  readonly leads: boolean;
  /** Decisions in effect here that the store does not hold yet. */
  readonly unstored: number;
  readonly store: StoreStatus['mode'];
  /** What is wrong with the store, or null. */
  readonly message: string | null;
}

/** A decision that is in effect before it is stored, and the state it was made from. */
export interface Ahead {
  readonly from: RolloutState;
  readonly decision: Decision;
}
