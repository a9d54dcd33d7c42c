import type { Database } from 'better-sqlite3';
import { LIMITS } from '../../core/limits.ts';
import type { StoredClass } from '../../rollout/ports.ts';
import type { ClassCounts, DifferenceExample } from '../../telemetry/types.ts';

interface ClassRow {
  readonly id: string;
  readonly route: string;
  readonly endpoint: string;
  readonly kind: string;
  readonly path: string;
  readonly count: number;
  readonly first_seen_ms: number;
  readonly last_seen_ms: number;
  readonly body: string | null;
}

function classOf(row: ClassRow): StoredClass {
  return {
    id: row.id,
    route: row.route,
    endpoint: row.endpoint,
    kind: row.kind,
    path: row.path,
    count: row.count,
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
    example: row.body === null ? null : (JSON.parse(row.body) as DifferenceExample),
  };
}

/** The tables of difference classes and their examples. Methods that write must run inside a transaction. */
export class Classes {
  private readonly sql: Statements;

  constructor(database: Database) {
    this.sql = statements(database);
  }

  /** See `TelemetryStore.putClass`; a class beyond `LIMITS.storeClasses` is refused, one that is known never is. */
  put(counts: ClassCounts, seenMs: number): 'new' | 'seen' | 'capped' {
    const { id, route, endpoint, kind, path, count } = counts;
    const seen = this.sql.add.run(count, seenMs, seenMs, id).changes > 0;
    if (!seen && this.count() >= LIMITS.storeClasses) return 'capped';
    if (!seen) this.sql.insert.run(id, route, endpoint, kind, path, count, seenMs, seenMs);
    if (counts.example !== null) this.sql.example.run(id, seenMs, JSON.stringify(counts.example));
    return seen ? 'seen' : 'new';
  }

  /** Classes by count, largest first. */
  largest(limit: number): StoredClass[] {
    return this.sql.largest.all(limit).map(classOf);
  }

  get(id: string): StoredClass | null {
    const row = this.sql.get.get(id);
    return row === undefined ? null : classOf(row);
  }

  /** Deletes classes not seen since `classesBeforeMs`, and examples older than `examplesBeforeMs`. Gives the former's number. */
  expire(classesBeforeMs: number, examplesBeforeMs: number): number {
    this.sql.oldExamples.run(examplesBeforeMs, classesBeforeMs);
    return this.sql.oldClasses.run(classesBeforeMs).changes;
  }

  private count(): number {
    return this.sql.count.get()?.classes ?? 0;
  }
}

const WITH_EXAMPLE = 'SELECT classes.*, examples.body FROM classes LEFT JOIN examples USING (id)';

function statements(database: Database) {
  return {
    add: database.prepare(
      `UPDATE classes SET count = count + ?, first_seen_ms = min(first_seen_ms, ?), last_seen_ms = max(last_seen_ms, ?)
       WHERE id = ?`,
    ),
    insert: database.prepare('INSERT INTO classes VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    example: database.prepare('INSERT INTO examples VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING'),
    count: database.prepare<[], { classes: number }>('SELECT count(*) AS classes FROM classes'),
    largest: database.prepare<[number], ClassRow>(
      `${WITH_EXAMPLE} WHERE id IN (SELECT id FROM classes ORDER BY count DESC, id LIMIT ?) ORDER BY count DESC, id`,
    ),
    get: database.prepare<[string], ClassRow>(`${WITH_EXAMPLE} WHERE id = ?`),
    oldExamples: database.prepare(
      `DELETE FROM examples WHERE at_ms < ? OR id IN (SELECT id FROM classes WHERE last_seen_ms < ?)`,
    ),
    oldClasses: database.prepare('DELETE FROM classes WHERE last_seen_ms < ?'),
  };
}

type Statements = ReturnType<typeof statements>;
