import { canonicalJson, sha256Hex } from '../core/hash.ts';
import type { HistoryEntry } from './state.ts';

/** Keys of the history in the state store start with this. */
export const HISTORY_PREFIX = 'hist/';

/** The `previousHash` of the first entry. */
const NO_HASH = '0'.repeat(64);
const SEQUENCE_DIGITS = 12;

/** A history entry before it is chained. */
export type UnchainedEntry = Omit<HistoryEntry, 'previousHash' | 'hash'>;

/** Whether every hash was recomputed and fits, and the sequence of the first entry that does not. */
export interface ChainVerdict {
  readonly intact: boolean;
  /** For a gap, the sequence that is missing. */
  readonly brokenAt: number | null;
}

/** The store's key of an entry, padded so that key order is the order of the sequence. */
export function historyKey(sequence: number): string {
  return `${HISTORY_PREFIX}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;
}

/** The store's key of what an entry was decided on. */
export function proofKey(sequence: number): string {
  return `proof/${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;
}

function hashOf(entry: Omit<HistoryEntry, 'hash'>): string {
  return sha256Hex(canonicalJson(entry));
}

/**
 * Links an entry to the one before: each hash covers the entry's content and the hash before it, so that no
 * entry can be changed, removed or put in between without breaking all that follow.
 * @param previous the newest entry, or null for the first
 * @throws RangeError when the sequence is not the next one, starting at 1
 */
export function chain(previous: HistoryEntry | null, entry: UnchainedEntry): HistoryEntry {
  const next = (previous?.sequence ?? 0) + 1;
  if (entry.sequence !== next)
    throw new RangeError(`history entry ${entry.sequence} cannot follow: ${next} is next`);
  const linked = { ...entry, previousHash: previous?.hash ?? NO_HASH };
  return { ...linked, hash: hashOf(linked) };
}

/**
 * Recomputes every hash and checks that the sequence runs from 1 without a gap. What was cut off the end cannot
 * be seen here: compare the last sequence with that of `ctl/rollout`.
 * @param entries all of them, oldest first
 */
export function verifyChain(entries: readonly HistoryEntry[]): ChainVerdict {
  let previousHash = NO_HASH;
  for (const [index, { hash, ...content }] of entries.entries()) {
    const follows = content.sequence === index + 1 && content.previousHash === previousHash;
    if (!follows || hash !== hashOf(content)) return { intact: false, brokenAt: index + 1 };
    previousHash = hash;
  }
  return { intact: true, brokenAt: null };
}

/** An entry as the store keeps it: canonical JSON, UTF-8. */
export function encodeHistory(entry: HistoryEntry): Uint8Array {
  return new TextEncoder().encode(canonicalJson(entry));
}
