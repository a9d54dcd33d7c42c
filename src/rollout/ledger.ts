import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { decodeEntry, decodeState, encodeState, ROLLOUT_KEY } from './codec.ts';
import { CONFIGURATION_PREFIX, configurationKey, makeRoom } from './configurations.ts';
import { encodeHistory, HISTORY_PREFIX, historyKey, proofKey } from './history.ts';
import { AmbiguousError } from './ports.ts';
import type { Entry, Guard, Lease, Op, Rev, StateStore } from './ports.ts';
import type { HistoryEntry, RolloutState } from './state.ts';

/** Name of the lease that the acting controller holds. */
const CONTROLLER_LEASE = 'lead/controller';

/** The state as the store holds it, with the entry that made it. */
export interface Stored {
  readonly state: RolloutState;
  readonly entry: HistoryEntry;
  /** Revision of `ctl/rollout`. */
  readonly rev: Rev;
}

/** One change on its way into the store. */
export interface Decision {
  /** The same decision committed twice takes effect once. */
  readonly id: string;
  readonly state: RolloutState;
  readonly entry: HistoryEntry;
  /** What it was decided on, JSON; absent: nothing was looked at. */
  readonly proof?: string | undefined;
  /** The configuration that it brings into force, JSON; absent: the same as before. */
  readonly configuration?: string | undefined;
}

/**
 * `moved`: somebody else changed the rollout; `fenced`: the lease is not ours any more; `unknown`: it may or
 * may not have taken effect.
 */
export type Appended =
  | { readonly outcome: 'stored'; readonly rev: Rev }
  | { readonly outcome: 'moved' | 'fenced' | 'unknown' };

/** The store did not answer, or answered with its own failure. */
export class StoreDownError extends Error {
  override readonly name = 'StoreDownError';
}

/** State and audit in a store: one guarded commit a change, under the controller's lease. */
export class Ledger {
  private readonly store: StateStore;
  private readonly holder: string;
  private readonly leaseMs: number;
  private lease: Lease | null = null;

  /** @param holder names this controller to others that want the lease */
  constructor(store: StateStore, holder: string, leaseMs: number = LIMITS.controllerLeaseMs) {
    this.store = store;
    this.holder = holder;
    this.leaseMs = leaseMs;
  }

  /** Whether the lease was ours when last heard of; the store alone knows, at the commit. */
  get leads(): boolean {
    return this.lease !== null && !this.lease.lost.aborted;
  }

  /** Takes the lease unless it is held. @returns false when somebody else has it @throws StoreDownError */
  async acquire(): Promise<boolean> {
    if (this.leads) return true;
    this.lease = await reach(this.store.acquire(CONTROLLER_LEASE, this.holder, this.leaseMs));
    return this.leads;
  }

  /** Extends the lease. @throws StoreDownError when that failed; `leads` tells whether it is lost */
  async renew(): Promise<void> {
    if (this.leads) await reach((this.lease as Lease).renew());
  }

  /** The lease is known to be lost: the next {@link acquire} asks for it again. */
  dropLease(): void {
    this.lease = null;
  }

  /** Gives the lease back; a store that is down lets it expire. */
  async release(): Promise<void> {
    const { lease } = this;
    this.lease = null;
    await lease?.release().catch(() => undefined);
  }

  /** What is stored, or null before the start. @throws StoreDownError, CutoverError STORE_UNREADABLE */
  async read(): Promise<Stored | null> {
    const found = await reach(this.store.get(ROLLOUT_KEY));
    if (found === null) return null;
    const state = decodeState(found.value);
    const line = await reach(this.store.get(historyKey(state.sequence)));
    if (line === null) throw gap(state.sequence);
    const entry = decodeEntry(line.value);
    if (entry.sequence !== state.sequence) throw gap(state.sequence);
    return { state, entry, rev: found.rev };
  }

  /** Whether the audit has exactly this line. @throws StoreDownError, CutoverError STORE_UNREADABLE */
  async holds(entry: HistoryEntry): Promise<boolean> {
    const line = await reach(this.store.get(historyKey(entry.sequence)));
    return line !== null && decodeEntry(line.value).hash === entry.hash;
  }

  /** What an entry of the audit was decided on, JSON, or null: nothing is kept of it. @throws StoreDownError */
  async proof(sequence: number): Promise<string | null> {
    const found = await reach(this.store.get(proofKey(sequence)));
    return found === null ? null : new TextDecoder().decode(found.value);
  }

  /** The whole audit, oldest first. @throws StoreDownError, CutoverError STORE_UNREADABLE */
  async entries(): Promise<HistoryEntry[]> {
    const { entries } = await reach(this.store.list(HISTORY_PREFIX));
    return entries.map((entry) => decodeEntry(entry.value));
  }

  /**
   * Puts state and entry in one commit, guarded by the revision of the state and by the lease.
   * @param base revision the decision was made on, 0n for the start
   * @throws StoreDownError when it certainly did not take effect, or the store cannot say
   */
  async append(decision: Decision, base: Rev): Promise<Appended> {
    if (this.lease === null) return { outcome: 'fenced' };
    const { guards, ops } = commitOf(decision, base, this.lease);
    if (decision.configuration !== undefined) ops.push(...(await this.storing(decision)));
    for (let attempt = 0; attempt < LIMITS.commitAttempts; attempt += 1) {
      try {
        const commit = await inTime(this.store.commit(guards, ops, decision.id));
        return commit.ok ? { outcome: 'stored', rev: commit.rev } : await this.refusal(base);
      } catch (error) {
        if (error instanceof SilentStoreError) return { outcome: 'unknown' };
        if (!(error instanceof AmbiguousError)) throw down(error);
      }
      const found = await this.find(decision).catch(() => null);
      if (found !== null) return found;
    }
    return { outcome: 'unknown' };
  }

  /** The configuration of a decision, in the place of the oldest one that is kept. @throws StoreDownError */
  private async storing({ entry, configuration }: Decision): Promise<Op[]> {
    const { entries } = await reach(this.store.list(CONFIGURATION_PREFIX));
    const value = new TextEncoder().encode(configuration);
    return [{ put: configurationKey(entry.sequence), value }, ...makeRoom(entries, value.length)];
  }

  /** The configuration that an entry brought into force, JSON, or null: none, or it is not kept. @throws StoreDownError */
  async configuration(sequence: number): Promise<string | null> {
    const found = await reach(this.store.get(configurationKey(sequence)));
    return found === null ? null : new TextDecoder().decode(found.value);
  }

  /** Which guard failed: another revision, else the lease. */
  private async refusal(base: Rev): Promise<Appended> {
    const current = await reach(this.store.get(ROLLOUT_KEY));
    return { outcome: (current?.rev ?? 0n) === base ? 'fenced' : 'moved' };
  }

  /** Looks whether a decision took effect, by its own line of the audit; null when the line is not there. */
  private async find(decision: Decision): Promise<Appended | null> {
    const line: Entry | null = await reach(this.store.get(historyKey(decision.entry.sequence)));
    if (line === null) return null;
    if (decodeEntry(line.value).hash !== decision.entry.hash) return { outcome: 'moved' };
    return { outcome: 'stored', rev: line.rev };
  }
}

function commitOf(
  { state, entry, proof }: Decision,
  base: Rev,
  lease: Lease,
): { readonly guards: Guard[]; readonly ops: Op[] } {
  const line = historyKey(entry.sequence);
  return {
    guards: [{ key: ROLLOUT_KEY, rev: base }, { key: line, rev: 0n }, { lease: lease.token }],
    ops: [
      { put: ROLLOUT_KEY, value: encodeState(state) },
      { put: line, value: encodeHistory(entry) },
      ...(proof === undefined
        ? []
        : [{ put: proofKey(entry.sequence), value: new TextEncoder().encode(proof) }]),
    ],
  };
}

class SilentStoreError extends Error {
  override readonly name = 'SilentStoreError';
}

/** The answer, or an error when there is none in time: a rollback must not wait for a store that hangs. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const silence = new SilentStoreError(`no answer within ${LIMITS.storeCallMs} ms`);
  const timer = setTimeout(() => reject(silence), LIMITS.storeCallMs);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function reach<T>(answer: Promise<T>): Promise<T> {
  try {
    return await inTime(answer);
  } catch (error) {
    throw down(error);
  }
}

function down(error: unknown): StoreDownError {
  return new StoreDownError(messageOf(error), { cause: error });
}

function gap(sequence: number): CutoverError {
  return new CutoverError('STORE_UNREADABLE', `the audit has no entry ${sequence} for the state it made`, {
    hint: 'restore the store from its backup',
  });
}
