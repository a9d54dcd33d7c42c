import type { CanaryMatch, Phase } from '../core/snapshot.ts';

/** Where the rollout stands: a phase, and inside `regional` the index of a step. */
export interface Position {
  readonly phase: Phase;
  /** Index into `rollout.regional.steps`; 0 in every other phase. */
  readonly step: number;
}

/** The rollout as it is stored under `ctl/rollout`. */
export interface RolloutState extends Position {
  readonly schemaVersion: 1;
  /** Sequence of the history entry that made this state. */
  readonly sequence: number;
  readonly paused: boolean;
  /** The kill switch. */
  readonly bypass: boolean;
  readonly epoch: number;
  /** When this epoch began: dwell counts from here, because what was seen of another candidate is no evidence. */
  readonly epochSinceMs: number;
  /** Salt of the sticky shares, drawn once per rollout. */
  readonly salt: number;
  /** Since when the rollout stands here, milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** Where a rollback without a target goes. */
  readonly lastGood: Position;
  /** Regions that were taken back alone: legacy answers them, whatever the step gives. Sorted, each once. */
  readonly withdrawn: readonly string[];
  /** Shares of the regions that this state gives: what a changed plan must not raise. */
  readonly shares: Readonly<Record<string, number>>;
  /** Configuration and build whose proof the gates accepted last; null: none. What another one showed is no proof. */
  readonly provenFor: string | null;
  /** Share of legacy's answers that were bad before this position was reached: what `margin: auto` is made of. */
  readonly legacyErrorRate: number;
  readonly configHash: string;
  readonly build: string;
}

/** What changed the rollout. */
export const VERBS = [
  'start',
  'advance',
  'rollback',
  'pause',
  'resume',
  'bypass',
  'bypass_off',
  'reload',
] as const;
export type Verb = (typeof VERBS)[number];

/** One line of the append-only audit, stored under `hist/<sequence>`. */
export interface HistoryEntry {
  readonly sequence: number;
  readonly atMs: number;
  readonly who: string;
  readonly verb: Verb;
  readonly from: Position | null;
  readonly to: Position;
  readonly reason: string;
  /** Null: the whole rollout; else the one region that was taken back or let in again. */
  readonly region: string | null;
  /** The gates did not agree or were not asked. */
  readonly forced: boolean;
  readonly epoch: number;
  /** SHA-256 of the evidence that was looked at, or null when none was. */
  readonly evidenceHash: string | null;
  /** Hash of the entry before, or 64 zeros for the first. */
  readonly previousHash: string;
  /** SHA-256 of this entry without this field, as canonical JSON. */
  readonly hash: string;
}

/** The part of the configuration that shapes phases; durations in milliseconds, shares as fractions. */
export interface RolloutPlan {
  readonly windowMs: number;
  readonly shadow: { readonly sample: number };
  readonly canary: { readonly match: readonly CanaryMatch[] };
  readonly regional: { readonly steps: readonly RegionalStep[] };
  readonly enforce: { readonly reverseSample: number };
}

/** A share of one region. */
export interface RegionalStep {
  readonly region: string;
  readonly share: number;
}

/** What evidence is about: another configuration or build is another candidate. */
export function identityOf({ configHash, build }: RolloutState): string {
  return `${configHash} ${build}`;
}
