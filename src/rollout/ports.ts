import type { StampedEvent } from '../core/events.ts';
import type { StoredEvidence } from '../telemetry/class-evidence.ts';
import type { ClassCounts, DifferenceExample, Window } from '../telemetry/types.ts';

/**
 * What the rollout needs of a store. The rollout owns these interfaces and the store room implements them;
 * SQLite is the first driver, and one contract suite runs over all of them.
 */

/** Store-wide revision, monotonic within one generation of the store. */
export type Rev = bigint;

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly rev: Rev;
  readonly createdRev: Rev;
}

/** A condition of a commit: a key at exactly this revision (0n: absent), or a lease that still has its holder. */
export type Guard = { readonly key: string; readonly rev: Rev } | { readonly lease: LeaseToken };

export type Op =
  | { readonly put: string; readonly value: Uint8Array; readonly ttlMs?: number }
  | { readonly del: string };

export type Commit =
  | { readonly ok: true; readonly rev: Rev }
  | { readonly ok: false; readonly current: readonly Entry[] };

/** The fence: grows with every acquisition of the same name. */
export interface LeaseToken {
  readonly name: string;
  readonly token: Rev;
}

export interface Lease {
  readonly token: LeaseToken;
  /** Extends the lease by its time to live. @throws when it was lost */
  renew(): Promise<void>;
  release(): Promise<void>;
  /** Aborts when the lease is known to be lost. */
  readonly lost: AbortSignal;
}

export type Change =
  | { readonly type: 'put'; readonly entry: Entry }
  | { readonly type: 'del'; readonly key: string; readonly rev: Rev };

export interface WatchHandler {
  /** First, and again after the store was out of reach: everything under the prefix. */
  snapshot(rev: Rev, entries: readonly Entry[]): void;
  /** All changes of one revision, in one call. */
  batch(rev: Rev, changes: readonly Change[]): void;
  health(status: StoreStatus): void;
}

export interface StoreStatus {
  readonly mode: 'live' | 'stale' | 'down';
  /** Another generation means the store was restored or replaced. */
  readonly generation: string;
  readonly rev: Rev;
  readonly staleMs: number;
  /** Why it is not live, for people. */
  readonly message?: string;
}

/** Linearizable keys and values with guarded, atomic commits. */
export interface StateStore {
  get(key: string): Promise<Entry | null>;
  /** Entries under a prefix in key order. */
  list(prefix: string): Promise<{ readonly rev: Rev; readonly entries: readonly Entry[] }>;
  /**
   * All operations or none, if every guard holds. The same `id` committed twice takes effect once and
   * answers the same.
   * @throws AmbiguousError when it is unknown whether it took effect
   */
  commit(guards: readonly Guard[], ops: readonly Op[], id: string): Promise<Commit>;
  watch(prefix: string, handler: WatchHandler, signal: AbortSignal): void;
  /** @returns null when somebody else holds it */
  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null>;
  status(): StoreStatus;
  close(): Promise<void>;
}

/** The outcome of a commit is unknown: read back before trying again. */
export class AmbiguousError extends Error {
  override readonly name = 'AmbiguousError';
}

/** A class of differences as it is stored: counts over its life, one masked example. */
export interface StoredClass {
  readonly id: string;
  readonly route: string;
  readonly endpoint: string;
  readonly kind: string;
  readonly path: string;
  readonly count: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** The first pair that showed it; then the one with the smallest bodies, and the latest. */
  readonly example: DifferenceExample | null;
  readonly smallest: DifferenceExample | null;
  readonly latest: DifferenceExample | null;
}

/** What became of counts that were put. */
export interface ClassPut {
  readonly outcome: 'new' | 'seen';
  /** The class that they are counted in: another one when the endpoint has too many. */
  readonly id: string;
  readonly path: string;
  /** Classes of the current epoch that were deleted to make room. */
  readonly gaveWay: number;
}

/** Windows, differences and events: evidence, kept for a while and within a size. */
export interface TelemetryStore {
  /** A window is stored once; the same id, epoch and keeper again is a duplicate and changes nothing. */
  putWindow(window: Window): Promise<'stored' | 'duplicate' | 'late'>;
  /** Windows with `fromMs <= startMs < toMs`, in time order. */
  readWindows(fromMs: number, toMs: number): AsyncIterable<Window>;
  /**
   * The windows that start last, oldest first in the result: what a supervisor that starts needs to know.
   * @param limit at the most `LIMITS.storeNewestWindows`
   */
  readNewest(limit: number): Promise<readonly Window[]>;
  /**
   * Adds counts to a class, and its example if it has none. A new class always finds room.
   * @param epochSinceMs when the current epoch began, 0: not known; classes not seen since make room first
   */
  putClass(counts: ClassCounts, seenMs: number, epochSinceMs?: number): Promise<ClassPut>;
  /** Classes by count, largest first. */
  readClasses(limit: number): Promise<readonly StoredClass[]>;
  readClass(id: string): Promise<StoredClass | null>;
  /** Replaces what pairs and triples say about the classes of one epoch. */
  putEvidence(evidence: StoredEvidence): Promise<void>;
  /** Null when there is none of that epoch, or no more. */
  readEvidence(epoch: number): Promise<StoredEvidence | null>;
  appendEvent(event: StampedEvent): Promise<void>;
  /** Events after a cursor (0: from the start), oldest first. */
  readEvents(after: number, limit: number): Promise<readonly StampedEvent[]>;
  /**
   * Deletes what is past its retention, by the clock and by the windows that are stored, and, if still over the
   * size, the oldest windows.
   */
  sweep(nowMs: number): Promise<SweepResult>;
}

export interface SweepResult {
  readonly windows: number;
  readonly classes: number;
  readonly events: number;
  /** Bytes of the store afterwards. */
  readonly bytes: number;
}
