import type { Database } from 'better-sqlite3';
import { monotonicMs } from '../../core/clock.ts';
import { CutoverError, messageOf } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type {
  Commit,
  Entry,
  Guard,
  Lease,
  Op,
  StateStore,
  StoreStatus,
  WatchHandler,
} from '../../rollout/ports.ts';
import { checkCommit, checkLease } from './arguments.ts';
import { CommitIds } from './commit-ids.ts';
import { Entries } from './entries.ts';
import { explained, storeError } from './errors.ts';
import { Leases } from './leases.ts';
import type { StoreFile } from './store-file.ts';
import { Transactions } from './transaction.ts';
import { Watchers } from './watchers.ts';

export interface StateStoreOptions {
  readonly readOnly: boolean;
  /** What the connection was opened on: while it is missing, the store is down. */
  readonly file: StoreFile;
  /** Wall clock, milliseconds since the Unix epoch: expiry of entries and leases. */
  readonly nowMs: () => number;
  /** Revisions kept in the change log. */
  readonly changeRevisions: number;
}

/**
 * Keys and values in SQLite. Every commit is one `BEGIN IMMEDIATE` that raises the one `rev` row and is on the disk
 * when it is acknowledged. Watchers hear of commits of this process at once; commits of other processes, expiry and
 * lost leases are found by a poll of `PRAGMA data_version` every `LIMITS.storePollMs`; so is a file that was deleted or
 * replaced, which is also looked for before each commit.
 */
export class SqliteStateStore implements StateStore {
  private readonly database: Database;
  private readonly options: StateStoreOptions;
  private readonly entries: Entries;
  private readonly transactions: Transactions;
  private readonly leases: Leases;
  private readonly watchers: Watchers;
  private readonly commitIds: CommitIds;
  private readonly generation: string;
  private readonly timer: NodeJS.Timeout;
  private dataVersion: unknown = null;
  private mode: StoreStatus['mode'] = 'live';
  /** Why it is not live. */
  private trouble: string | null = null;
  private rev = 0n;
  private reachedMs = monotonicMs();
  private deliveryPlanned = false;

  /** @param database a connection of its own, closed with the store */
  constructor(database: Database, options: StateStoreOptions) {
    this.database = database;
    this.options = options;
    this.transactions = new Transactions(database, options.file);
    this.entries = new Entries(database, options.changeRevisions);
    this.leases = new Leases(database, this.transactions, this.entries, options.nowMs);
    this.watchers = new Watchers(this.entries, this.transactions, options.nowMs);
    this.commitIds = new CommitIds(database);
    this.generation = database.prepare('SELECT generation FROM identity').pluck().get() as string;
    this.rev = this.entries.revision().rev;
    this.timer = setInterval(() => this.poll(), LIMITS.storePollMs).unref();
  }

  async get(key: string): Promise<Entry | null> {
    return explained(this.database.name, () => this.entries.get(key, this.options.nowMs()));
  }

  async list(prefix: string): ReturnType<StateStore['list']> {
    return this.transactions.read(() => ({
      rev: this.entries.revision().rev,
      entries: this.entries.list(prefix, this.options.nowMs()),
    }));
  }

  async commit(guards: readonly Guard[], ops: readonly Op[], id: string): Promise<Commit> {
    checkCommit(guards, ops, id);
    const commit = await this.transactions.writePatiently((): Commit => {
      const known = this.commitIds.find(id);
      if (known !== null) return { ok: true, rev: known };
      if (!guards.every((guard) => this.holds(guard))) return { ok: false, current: this.current(guards) };
      const rev = this.entries.apply(ops, this.options.nowMs());
      this.commitIds.remember(id, rev);
      return { ok: true, rev };
    });
    this.planDelivery();
    return commit;
  }

  watch(prefix: string, handler: WatchHandler, signal: AbortSignal): void {
    this.watchers.add(prefix, handler, signal);
    this.planDelivery();
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    checkLease(name, holder, ttlMs);
    return await this.leases.acquire(name, holder, ttlMs);
  }

  status(): StoreStatus {
    if (this.database.open) this.attempt(() => this.readRevision());
    const silentMs = Math.round(monotonicMs() - this.reachedMs);
    const staleMs = this.mode === 'live' ? 0 : silentMs;
    const message = this.trouble === null ? {} : { message: this.trouble };
    return { mode: this.mode, generation: this.generation, rev: this.rev, staleMs, ...message };
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.watchers.clear();
    this.mode = 'down';
    explained(this.database.name, () => this.database.close());
  }

  private holds(guard: Guard): boolean {
    if ('lease' in guard) return this.leases.holds(guard.lease);
    return (this.entries.get(guard.key, this.options.nowMs())?.rev ?? 0n) === guard.rev;
  }

  private current(guards: readonly Guard[]): Entry[] {
    const keys = guards.flatMap((guard) => ('key' in guard ? [guard.key] : []));
    return [...new Set(keys)]
      .map((key) => this.entries.get(key, this.options.nowMs()))
      .filter((entry) => entry !== null);
  }

  private readRevision(): void {
    this.rev = this.entries.revision().rev;
  }

  /** After the caller has its answer, and once for several commits in a row. */
  private planDelivery(): void {
    if (this.deliveryPlanned) return;
    this.deliveryPlanned = true;
    queueMicrotask(() => {
      this.deliveryPlanned = false;
      if (this.database.open) this.attempt(() => this.watchers.deliver());
    });
  }

  private poll(): void {
    if (!this.options.readOnly) this.expire();
    this.attempt(() => {
      const version = this.database.pragma('data_version', { simple: true });
      if (this.mode === 'live' && version === this.dataVersion) return;
      this.watchers.deliver();
      this.dataVersion = version;
    });
    this.leases.check();
  }

  private expire(): void {
    try {
      const nowMs = this.options.nowMs();
      if (!this.entries.hasExpired(nowMs)) return;
      this.transactions.write(() => this.entries.expire(nowMs));
      this.planDelivery();
    } catch {
      // What has expired is hidden already; a full or locked disk lets the next poll delete it.
    }
  }

  /** Notes whether the store answers, and tells the watchers when that changes. */
  private attempt(read: () => void): void {
    try {
      this.options.file.check();
      read();
      this.reachedMs = monotonicMs();
      this.trouble = null;
      this.become('live');
    } catch (thrown) {
      const error = storeError(thrown, this.database.name);
      if (!(error instanceof CutoverError)) throw thrown;
      this.trouble = messageOf(error);
      this.become(this.modeAfter(error));
    }
  }

  /** A store that is busy may answer soon; nobody waits for a file that is gone. */
  private modeAfter({ code }: CutoverError): StoreStatus['mode'] {
    if (code === 'STORE_MISSING') return 'down';
    return monotonicMs() - this.reachedMs > LIMITS.storeDownMs ? 'down' : 'stale';
  }

  private become(mode: StoreStatus['mode']): void {
    if (mode === this.mode) return;
    this.mode = mode;
    if (mode === 'live') {
      this.watchers.reset();
      this.planDelivery();
    }
    this.watchers.health(this.status());
  }
}
