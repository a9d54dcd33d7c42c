import { CutoverError, messageOf } from '../core/errors.ts';
import { PHASES } from '../core/snapshot.ts';
import { HISTORY_PREFIX } from './history.ts';
import { VERBS } from './state.ts';
import type { HistoryEntry, RolloutState } from './state.ts';
import type { Unstored } from './unstored.ts';

/** Key of the rollout's state. */
export const ROLLOUT_KEY = 'ctl/rollout';

/** The state as it is stored: JSON, UTF-8. */
export function encodeState(state: RolloutState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state));
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isPosition: Check = (value) => holds(value, POSITION);

const POSITION: Readonly<Record<string, Check>> = {
  phase: (value) => PHASES.some((phase) => phase === value),
  step: isCount,
};

const STATE: Readonly<Record<keyof RolloutState, Check>> = {
  phase: POSITION['phase'] as Check,
  step: isCount,
  schemaVersion: (value) => value === 1,
  sequence: isCount,
  paused: isFlag,
  bypass: isFlag,
  epoch: isCount,
  epochSinceMs: isCount,
  salt: Number.isSafeInteger,
  sinceMs: isCount,
  lastGood: isPosition,
  withdrawn: (value) => Array.isArray(value) && value.every(isText),
  shares: (value) => holdsNumbers(value),
  provenFor: (value) => value === null || isText(value),
  legacyErrorRate: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  configHash: isText,
  build: isText,
};

function holdsNumbers(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each) => typeof each === 'number')
  );
}

const ENTRY: Readonly<Record<keyof HistoryEntry, Check>> = {
  sequence: isCount,
  atMs: isCount,
  who: isText,
  verb: (value) => VERBS.some((verb) => verb === value),
  from: (value) => value === null || isPosition(value),
  to: isPosition,
  reason: isText,
  region: (value) => value === null || isText(value),
  forced: isFlag,
  epoch: isCount,
  evidenceHash: (value) => value === null || isHash(value),
  previousHash: isHash,
  hash: isHash,
};

/** @throws CutoverError STORE_UNREADABLE when it is no state of this version */
export function decodeState(bytes: Uint8Array): RolloutState {
  return decoded(bytes, STATE, ROLLOUT_KEY) as RolloutState;
}

/** @throws CutoverError STORE_UNREADABLE when it is no entry */
export function decodeEntry(bytes: Uint8Array): HistoryEntry {
  return decoded(bytes, ENTRY, HISTORY_PREFIX) as HistoryEntry;
}

const COMMAND: Readonly<Record<string, Check>> = {
  verb: (value) => value === 'rollback' || value === 'bypass',
  who: isText,
  reason: isText,
};

/** Decisions that the store did not take, as a file keeps them: JSON. */
export function encodeUnstored(list: readonly Unstored[]): string {
  return `${JSON.stringify({ schemaVersion: 1, unstored: list })}\n`;
}

/** @throws CutoverError STORE_UNREADABLE when it is no such list */
export function decodeUnstored(text: string): readonly Unstored[] {
  const { unstored } = decoded(new TextEncoder().encode(text), LIST, UNSTORED) as { unstored: unknown[] };
  const wrong = unstored.find((each) => !holds(each, { command: isReliefCommand, decision: isDecision }));
  if (wrong !== undefined) throw unreadable(UNSTORED, 'an item is not what it should be');
  return unstored as Unstored[];
}

const UNSTORED = 'unstored';
const LIST = { schemaVersion: (value: unknown) => value === 1, unstored: Array.isArray };
const isTarget: Check = (value) => value === null || holds(value, { phase: POSITION['phase'] as Check });

function isReliefCommand(value: unknown): boolean {
  if (!holds(value, COMMAND)) return false;
  return (value as { verb: string }).verb === 'bypass' || holds(value, { to: isTarget });
}

function isDecision(value: unknown): boolean {
  const parts = {
    state: (state: unknown) => holds(state, STATE),
    entry: (entry: unknown) => holds(entry, ENTRY),
  };
  return holds(value, { id: isText, ...parts });
}

function decoded(bytes: Uint8Array, shape: Readonly<Record<string, Check>>, key: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(key, messageOf(error));
  }
  const wrong = Object.keys(shape).find((name) => !holds(value, { [name]: shape[name] as Check }));
  if (wrong !== undefined) throw unreadable(key, `${wrong} is missing or not what it should be`);
  return value;
}

function holds(value: unknown, shape: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(shape).every(([name, check]) => Object.hasOwn(fields, name) && check(fields[name]));
}

function unreadable(key: string, why: string): CutoverError {
  return new CutoverError('STORE_UNREADABLE', `what the store holds under ${key} cannot be read: ${why}`, {
    hint: 'it was written by another version or damaged: restore the store from its backup',
  });
}
