import { LIMITS } from '../core/limits.ts';
import type { GateReport } from './gates/types.ts';
import type { UnchainedEntry } from './history.ts';
import type { Target } from './position.ts';
import type { RolloutState } from './state.ts';

/** Who wants it, and why. Both end up in the audit as they are. */
export interface Authored {
  readonly who: string;
  /** Required for `advance` and `rollback`; may be '' for the others, which must not wait for words. */
  readonly reason: string;
}

/** The first state of a rollout; refused when there is one. */
export interface StartCommand extends Authored {
  readonly verb: 'start';
  /** Salt of the sticky shares. */
  readonly salt: number;
  readonly configHash: string;
  readonly build: string;
  /** The configuration as it is stored with the entry, JSON. */
  readonly configuration?: string;
}

/** The part of a gate's report that an advance is decided on. */
export type Asked = Pick<GateReport, 'verdict' | 'message' | 'epoch' | 'evidenceHash' | 'approval'>;

export interface AdvanceCommand extends Authored {
  readonly verb: 'advance';
  /** Null: one step or phase on. */
  readonly to: Target | null;
  /** Lets one region in again that was taken back alone; the position stays. */
  readonly region?: string;
  /** Without asking the gates. */
  readonly force: boolean;
  /** A person agrees to this step, where `approval: required` wants one. */
  readonly approve?: boolean;
  /** What the gates say at this moment; absent: nobody asked them. */
  readonly gate?: Asked;
  /** Everything they say it from, JSON: it is stored beside the entry of the audit. */
  readonly proof?: string;
  /** Share of legacy's answers that were bad lately; absent: none were seen. */
  readonly legacyErrorRate?: number;
  /** Legacy answered clients lately, or nobody knows: `retired` is refused then. */
  readonly legacyServes: boolean;
}

export interface RollbackCommand extends Authored {
  readonly verb: 'rollback';
  /** Null: one step or phase back. */
  readonly to: Target | null;
  /** Takes back one region alone: legacy answers it, the position stays. */
  readonly region?: string;
  /** Only while the rollout is in this epoch: what was decided on its evidence says nothing of another one. */
  readonly ifEpoch?: number;
  /** SHA-256 of the evidence it was decided on, and everything it was decided on, as for an advance. */
  readonly evidenceHash?: string;
  readonly proof?: string;
}

/** Holds and releases: the position stays. */
export interface SwitchCommand extends Authored {
  readonly verb: 'pause' | 'resume' | 'bypass' | 'bypass_off';
}

/** Another configuration or build; the plan given beside it is the new one. */
export interface ReloadCommand extends Authored {
  readonly verb: 'reload';
  readonly configHash: string;
  readonly build: string;
  /** The configuration as it is stored with the entry, JSON. */
  readonly configuration?: string;
}

/** Everything that can change a rollout. */
export type Command = StartCommand | AdvanceCommand | RollbackCommand | SwitchCommand | ReloadCommand;

/** A command that was not carried out: nothing changed. */
export interface Refusal {
  readonly ok: false;
  /** Stable name for scripts, such as `PAUSED`. */
  readonly code: string;
  readonly message: string;
  /** What to do about it: a command. */
  readonly hint: string;
  /** Exit code of the command line: 1 environment, 2 usage, 3 regression, 4 not proven, 5 refused, 7 invalid. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 7;
}

/** The new state with the entry that explains it (null: it was so already, nothing changes), or why not. */
export type Transition =
  | { readonly ok: true; readonly state: RolloutState; readonly entry: UnchainedEntry | null }
  | Refusal;

/** The configuration that a command brings with it. */
export function configurationOf(command: Command): string | undefined {
  return command.verb === 'start' || command.verb === 'reload' ? command.configuration : undefined;
}

/** Makes a {@link Refusal}. */
export function refuse(exitCode: Refusal['exitCode'], code: string, message: string, hint: string): Refusal {
  return { ok: false, code, message, hint, exitCode };
}

/** Control characters, line and paragraph separators, lone surrogates, and what reverses the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Whether text may stand in the audit: a terminal shows it as one line, as it was written. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** The command with its reason and author trimmed, or why they cannot stand in the audit. */
export function authored<C extends Command>(command: C): { ok: true; command: C } | Refusal {
  const who = command.who.trim();
  const reason = command.reason.trim();
  if (who === '' || who.length > LIMITS.whoChars || !isPrintable(who)) {
    const message = `the author must be 1 to ${LIMITS.whoChars} printable characters`;
    return refuse(2, 'BAD_AUTHOR', message, 'run the command as a user with a name');
  }
  if (!isPrintable(reason)) {
    const message = 'the reason holds control characters';
    return refuse(2, 'BAD_REASON', message, `write it as one line: cutover ${cliOf(command)} --reason TEXT`);
  }
  if (reason.length > LIMITS.reasonChars) {
    const message = `the reason has ${reason.length} characters, at most ${LIMITS.reasonChars} are kept`;
    return refuse(2, 'BAD_REASON', message, 'shorten it, and link to the long story');
  }
  if (reason === '' && (command.verb === 'advance' || command.verb === 'rollback')) {
    const message = `${command.verb} needs a reason for the audit`;
    return refuse(2, 'REASON_MISSING', message, `cutover ${cliOf(command)} --reason TEXT`);
  }
  return { ok: true, command: { ...command, who, reason } };
}

function cliOf(command: Command): string {
  if (command.verb === 'bypass_off') return 'bypass --off';
  return command.verb === 'advance' && command.force ? 'advance --force' : command.verb;
}
