import type { Database } from 'better-sqlite3';
import { LIMITS } from '../../core/limits.ts';
import type { Change, Entry, Op, Rev } from '../../rollout/ports.ts';

interface EntryRow {
  readonly key: string;
  readonly value: Buffer;
  readonly rev: number;
  readonly created_rev: number;
}

interface ChangeRow {
  readonly key: string;
  readonly value: Buffer | null;
  readonly rev: number;
  readonly created_rev: number;
}

interface RevisionRow {
  readonly rev: number;
  readonly compacted_rev: number;
  readonly logged_bytes: number;
}

/** All changes of one revision under a prefix. */
export interface Batch {
  readonly rev: Rev;
  readonly changes: readonly Change[];
}

/** Sorts behind every key that starts with the prefix. */
const LAST_CHARACTER = '\u{10FFFF}';
const COLUMNS = 'key, value, rev, created_rev';
const VISIBLE = '(expires_at_ms IS NULL OR expires_at_ms > ?)';

function entryOf(row: EntryRow): Entry {
  const { buffer, byteOffset, byteLength } = row.value;
  const value = new Uint8Array(buffer, byteOffset, byteLength);
  return { key: row.key, value, rev: BigInt(row.rev), createdRev: BigInt(row.created_rev) };
}

function changeOf(row: ChangeRow): Change {
  if (row.value === null) return { type: 'del', key: row.key, rev: BigInt(row.rev) };
  return { type: 'put', entry: entryOf({ ...row, value: row.value }) };
}

/**
 * The tables of keys and of their changes. An expired entry is hidden at once and deleted later by
 * {@link Entries.expire}. Methods that write must run inside a transaction.
 */
export class Entries {
  /** Revisions kept in the change log. */
  private readonly keepRevisions: number;
  private readonly sql: Statements;

  constructor(database: Database, keepRevisions: number) {
    this.keepRevisions = keepRevisions;
    this.sql = statements(database);
  }

  get(key: string, nowMs: number): Entry | null {
    const row = this.sql.get.get(key, nowMs);
    return row === undefined ? null : entryOf(row);
  }

  /** Entries under a prefix, in key order. */
  list(prefix: string, nowMs: number): Entry[] {
    return this.sql.list.all(prefix, prefix + LAST_CHARACTER, nowMs).map(entryOf);
  }

  /** The newest revision, and the newest that is no longer in the change log. */
  revision(): { rev: Rev; compactedRev: Rev } {
    const row = this.sql.revision.get() as RevisionRow;
    return { rev: BigInt(row.rev), compactedRev: BigInt(row.compacted_rev) };
  }

  /** Takes the next revision. */
  bump(): Rev {
    return BigInt((this.sql.bump.get() as RevisionRow).rev);
  }

  /** Applies operations at a new revision. */
  apply(ops: readonly Op[], nowMs: number): Rev {
    const rev = this.bump();
    let position = 0;
    for (const op of ops) {
      if ('put' in op) this.put(op, rev, position, nowMs);
      else this.delete(op.del, rev, position);
      position += 1;
    }
    this.compact(rev);
    return rev;
  }

  /** Deletes what has expired, as one revision. False when there was nothing. */
  expire(nowMs: number): boolean {
    const keys = this.sql.expired.all(nowMs, LIMITS.storeCommitItems);
    if (keys.length === 0) return false;
    this.apply(
      keys.map(({ key }) => ({ del: key })),
      nowMs,
    );
    return true;
  }

  /** True when something waits for {@link Entries.expire}. */
  hasExpired(nowMs: number): boolean {
    return this.sql.expired.get(nowMs, 1) !== undefined;
  }

  /** Changes after a revision under a prefix, one batch a revision, in order. */
  changesAfter(rev: Rev, prefix: string): Batch[] {
    const rows = this.sql.changes.all(rev, prefix, prefix + LAST_CHARACTER);
    const byRev = Map.groupBy(rows, (row) => row.rev);
    return [...byRev].map(([at, changes]) => ({ rev: BigInt(at), changes: changes.map(changeOf) }));
  }

  private put(op: Extract<Op, { put: string }>, rev: Rev, position: number, nowMs: number): void {
    const created = this.sql.createdRev.get(op.put, nowMs)?.created_rev ?? rev;
    const expiresAtMs = op.ttlMs === undefined ? null : nowMs + op.ttlMs;
    this.sql.put.run(op.put, op.value, rev, created, expiresAtMs);
    this.log(rev, position, op.put, op.value, created);
  }

  private delete(key: string, rev: Rev, position: number): void {
    if (this.sql.delete.run(key).changes > 0) this.log(rev, position, key, null, 0);
  }

  private log(
    rev: Rev,
    position: number,
    key: string,
    value: Uint8Array | null,
    created: Rev | number,
  ): void {
    const { logged_bytes: total } = this.sql.addBytes.get(key.length + (value?.length ?? 0)) as RevisionRow;
    this.sql.log.run(rev, position, key, created, total, value);
  }

  /** Cuts the log to its bounds; the newest revision always stays. */
  private compact(rev: Rev): void {
    const byCount = Number(rev) - this.keepRevisions;
    const keepAbove = (this.sql.revision.get() as RevisionRow).logged_bytes - LIMITS.storeChangeBytes;
    const oldest = this.sql.oldest.get()?.total_bytes ?? keepAbove + 1;
    const bySize = oldest > keepAbove ? null : this.sql.overSize.get(keepAbove, rev)?.rev;
    const last = Math.max(byCount, bySize ?? byCount);
    if (this.sql.cut.run(last).changes > 0) this.sql.compacted.run(last);
  }
}

function statements(database: Database) {
  return {
    get: database.prepare<[string, number], EntryRow>(
      `SELECT ${COLUMNS} FROM entries WHERE key = ? AND ${VISIBLE}`,
    ),
    list: database.prepare<[string, string, number], EntryRow>(
      `SELECT ${COLUMNS} FROM entries WHERE key >= ? AND key < ? AND ${VISIBLE} ORDER BY key`,
    ),
    createdRev: database.prepare<[string, number], EntryRow>(
      `SELECT created_rev FROM entries WHERE key = ? AND ${VISIBLE}`,
    ),
    put: database.prepare(
      `INSERT INTO entries VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value,
       rev = excluded.rev, created_rev = excluded.created_rev, expires_at_ms = excluded.expires_at_ms`,
    ),
    delete: database.prepare('DELETE FROM entries WHERE key = ?'),
    expired: database.prepare<[number, number], { key: string }>(
      'SELECT key FROM entries WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?',
    ),
    revision: database.prepare<[], RevisionRow>('SELECT * FROM revision'),
    bump: database.prepare<[], RevisionRow>('UPDATE revision SET rev = rev + 1 RETURNING *'),
    addBytes: database.prepare<[number], RevisionRow>(
      'UPDATE revision SET logged_bytes = logged_bytes + ? RETURNING *',
    ),
    log: database.prepare('INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)'),
    changes: database.prepare<[Rev, string, string], ChangeRow>(
      `SELECT ${COLUMNS} FROM changes WHERE rev > ? AND key >= ? AND key < ? ORDER BY rev, position`,
    ),
    oldest: database.prepare<[], { total_bytes: number }>(
      'SELECT total_bytes FROM changes ORDER BY rev, position LIMIT 1',
    ),
    overSize: database.prepare<[number, Rev], { rev: number | null }>(
      'SELECT max(rev) AS rev FROM changes WHERE total_bytes <= ? AND rev < ?',
    ),
    cut: database.prepare('DELETE FROM changes WHERE rev <= ?'),
    compacted: database.prepare('UPDATE revision SET compacted_rev = ?'),
  };
}

type Statements = ReturnType<typeof statements>;
