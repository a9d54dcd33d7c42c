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
}

interface ExampleRow {
  readonly id: string;
  readonly which: Which;
  readonly body: string;
}

/** The examples of a class. */
type Which = 'first' | 'smallest' | 'latest';

function classOf(row: ClassRow, examples: readonly ExampleRow[]): StoredClass {
  const example = (which: Which): DifferenceExample | null => {
    const body = examples.find((each) => each.which === which)?.body;
    return body === undefined ? null : (JSON.parse(body) as DifferenceExample);
  };
  return {
    id: row.id,
    route: row.route,
    endpoint: row.endpoint,
    kind: row.kind,
    path: row.path,
    count: row.count,
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
    example: example('first'),
    smallest: example('smallest'),
    latest: example('latest'),
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
    this.putExamples(counts, seenMs);
    return seen ? 'seen' : 'new';
  }

  /**
   * The first one stays; a smaller one takes the place of the smallest, a later one that of the latest. The first is
   * each of them until there is another.
   */
  private putExamples({ id, example, examples }: ClassCounts, seenMs: number): void {
    const put = (which: Which, each: DifferenceExample | null | undefined): void => {
      if (each === null || each === undefined) return;
      this.sql[which].run(id, which, seenMs, bytesOf(each), JSON.stringify(each));
    };
    put('first', example);
    put('smallest', examples?.smallest ?? example);
    put('latest', examples?.latest ?? example);
  }

  /** Classes by count, largest first. */
  largest(limit: number): StoredClass[] {
    const examples = Map.groupBy(this.sql.examplesOfLargest.all(limit), ({ id }) => id);
    return this.sql.largest.all(limit).map((row) => classOf(row, examples.get(row.id) ?? []));
  }

  get(id: string): StoredClass | null {
    const row = this.sql.get.get(id);
    return row === undefined ? null : classOf(row, this.sql.examples.all(id));
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

/** Bytes of both bodies; unknown is the largest. */
function bytesOf({ legacy, candidate }: DifferenceExample): number {
  if (legacy === undefined || candidate === undefined) return Number.MAX_SAFE_INTEGER;
  return legacy.bodyBytes + candidate.bodyBytes;
}

const LARGEST = 'SELECT id FROM classes ORDER BY count DESC, id LIMIT ?';
const EXAMPLE = 'INSERT INTO class_examples VALUES (?, ?, ?, ?, ?) ON CONFLICT (id, which) DO';
const REPLACE = 'UPDATE SET at_ms = excluded.at_ms, bytes = excluded.bytes, body = excluded.body';

function statements(database: Database) {
  return {
    add: database.prepare(
      `UPDATE classes SET count = count + ?, first_seen_ms = min(first_seen_ms, ?), last_seen_ms = max(last_seen_ms, ?)
       WHERE id = ?`,
    ),
    insert: database.prepare('INSERT INTO classes VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    first: database.prepare(`${EXAMPLE} NOTHING`),
    smallest: database.prepare(`${EXAMPLE} ${REPLACE} WHERE excluded.bytes < class_examples.bytes`),
    latest: database.prepare(`${EXAMPLE} ${REPLACE} WHERE excluded.at_ms >= class_examples.at_ms`),
    count: database.prepare<[], { classes: number }>('SELECT count(*) AS classes FROM classes'),
    largest: database.prepare<[number], ClassRow>(
      `SELECT * FROM classes WHERE id IN (${LARGEST}) ORDER BY count DESC, id`,
    ),
    examplesOfLargest: database.prepare<[number], ExampleRow>(
      `SELECT id, which, body FROM class_examples WHERE id IN (${LARGEST})`,
    ),
    get: database.prepare<[string], ClassRow>('SELECT * FROM classes WHERE id = ?'),
    examples: database.prepare<[string], ExampleRow>(
      'SELECT id, which, body FROM class_examples WHERE id = ?',
    ),
    oldExamples: database.prepare(
      `DELETE FROM class_examples WHERE at_ms < ? OR id IN (SELECT id FROM classes WHERE last_seen_ms < ?)`,
    ),
    oldClasses: database.prepare('DELETE FROM classes WHERE last_seen_ms < ?'),
  };
}

type Statements = ReturnType<typeof statements>;
