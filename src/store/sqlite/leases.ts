import type { Database } from 'better-sqlite3';
import { monotonicMs } from '../../core/clock.ts';
import { CutoverError } from '../../core/errors.ts';
import type { Lease, LeaseToken, Rev } from '../../rollout/ports.ts';
import type { Entries } from './entries.ts';
import type { Transactions } from './transaction.ts';

interface LeaseRow {
  readonly holder: string;
  readonly token: number;
  readonly expires_at_ms: number;
}

/**
 * The table of leases. Tokens are revisions of the store, so they grow over all acquisitions, releases and
 * restarts. Whether a lease has expired is decided by the machine's wall clock, which all processes share.
 */
export class Leases {
  private readonly transactions: Transactions;
  private readonly entries: Entries;
  private readonly nowMs: () => number;
  private readonly sql: Statements;
  private readonly held = new Set<SqliteLease>();

  constructor(database: Database, transactions: Transactions, entries: Entries, nowMs: () => number) {
    this.transactions = transactions;
    this.entries = entries;
    this.nowMs = nowMs;
    this.sql = statements(database);
  }

  /** Takes a lease that is free, expired or held under the same holder's name; null when somebody else has it. */
  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    const askedMs = monotonicMs();
    const token = await this.transactions.writePatiently(() => this.take(name, holder, ttlMs));
    if (token === null) return null;
    const lease = new SqliteLease(this, { name, token }, ttlMs, askedMs);
    this.held.add(lease);
    return lease;
  }

  /** True while the token's lease neither expired nor went to another. */
  holds({ name, token }: LeaseToken): boolean {
    const row = this.sql.get.get(name);
    return row !== undefined && BigInt(row.token) === token && row.expires_at_ms > this.nowMs();
  }

  /** False when the lease was lost before. */
  async extend(token: LeaseToken, ttlMs: number): Promise<boolean> {
    return await this.transactions.writePatiently(() => {
      if (!this.holds(token)) return false;
      this.sql.extend.run(this.nowMs() + ttlMs, token.name);
      return true;
    });
  }

  async drop(lease: SqliteLease): Promise<void> {
    this.held.delete(lease);
    await this.transactions.writePatiently(() => this.sql.drop.run(lease.token.name, lease.token.token));
  }

  /** Tells the holders of lost leases. Without an answer from the store a lease counts as lost after its time. */
  check(): void {
    for (const lease of this.held) {
      if (lease.deadlineMs > monotonicMs() && this.stillHeld(lease)) continue;
      this.held.delete(lease);
      lease.abort();
    }
  }

  private stillHeld(lease: SqliteLease): boolean {
    try {
      return this.holds(lease.token);
    } catch {
      return true;
    }
  }

  private take(name: string, holder: string, ttlMs: number): Rev | null {
    const row = this.sql.get.get(name);
    const free = row === undefined || row.expires_at_ms <= this.nowMs() || row.holder === holder;
    if (!free) return null;
    const token = this.entries.bump();
    this.sql.put.run(name, holder, token, this.nowMs() + ttlMs);
    return token;
  }
}

class SqliteLease implements Lease {
  readonly token: LeaseToken;
  readonly lost: AbortSignal;
  /** Monotonic; counted from before the store was asked, so that it is never too late. */
  deadlineMs: number;
  private readonly leases: Leases;
  private readonly ttlMs: number;
  private readonly controller = new AbortController();

  constructor(leases: Leases, token: LeaseToken, ttlMs: number, askedMs: number) {
    this.leases = leases;
    this.token = token;
    this.ttlMs = ttlMs;
    this.deadlineMs = askedMs + ttlMs;
    this.lost = this.controller.signal;
  }

  async renew(): Promise<void> {
    const askedMs = monotonicMs();
    if (!this.lost.aborted && (await this.leases.extend(this.token, this.ttlMs))) {
      this.deadlineMs = askedMs + this.ttlMs;
      return;
    }
    this.abort();
    throw new CutoverError(
      'LEASE_LOST',
      `the lease ${this.token.name} was lost to another holder or expired`,
      {
        hint: 'another controller acts now: cutover status',
      },
    );
  }

  async release(): Promise<void> {
    await this.leases.drop(this);
  }

  abort(): void {
    this.controller.abort();
  }
}

function statements(database: Database) {
  return {
    get: database.prepare<[string], LeaseRow>(
      'SELECT holder, token, expires_at_ms FROM leases WHERE name = ?',
    ),
    put: database.prepare(
      `INSERT INTO leases VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
       token = excluded.token, expires_at_ms = excluded.expires_at_ms`,
    ),
    extend: database.prepare('UPDATE leases SET expires_at_ms = ? WHERE name = ?'),
    drop: database.prepare('DELETE FROM leases WHERE name = ? AND token = ?'),
  };
}

type Statements = ReturnType<typeof statements>;
