import type { Database } from 'better-sqlite3';
import { LIMITS } from '../../core/limits.ts';
import { classId } from '../../diff/fingerprint.ts';
import type { ClassPut, StoredClass } from '../../rollout/ports.ts';
import { OTHER_PLACES } from '../../telemetry/class-share.ts';
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

  /**
   * See `TelemetryStore.putClass`. A class that is known is always counted. A new one beyond the share of its endpoint is
   * counted as `{other}`; one beyond `LIMITS.storeClasses` takes the place of one that was not seen for long.
   * @param epochSinceMs when the current epoch began: what was not seen since then goes first
   */
  put(counts: ClassCounts, seenMs: number, epochSinceMs: number): ClassPut {
    if (this.add(counts, seenMs)) return { outcome: 'seen', id: counts.id, path: counts.path, gaveWay: 0 };
    const own = this.hasRoom(counts, epochSinceMs) ? counts : otherPlaces(counts);
    const { id, route, endpoint, kind, path, count } = own;
    if (own !== counts && this.add(own, seenMs)) return { outcome: 'seen', id, path, gaveWay: 0 };
    const gaveWay = this.count() >= LIMITS.storeClasses ? this.makeRoom(epochSinceMs) : 0;
    this.sql.insert.run(id, route, endpoint, kind, path, count, seenMs, seenMs);
    this.putExamples(own, seenMs);
    return { outcome: 'new', id, path, gaveWay };
  }

  private add(counts: ClassCounts, seenMs: number): boolean {
    const known = this.sql.add.run(counts.count, seenMs, seenMs, counts.id).changes > 0;
    if (known) this.putExamples(counts, seenMs);
    return known;
  }

  /** Classes of earlier epochs take no part of the share. */
  private hasRoom({ endpoint, kind }: ClassCounts, epochSinceMs: number): boolean {
    const { all = 0, alike = 0 } = this.sql.ofEndpoint.get(kind, endpoint, epochSinceMs) ?? {};
    return all < LIMITS.classesPerEndpoint && alike < LIMITS.classesPerEndpointKind;
  }

  /** Gives the number of classes of the current epoch that were deleted; others are no loss. */
  private makeRoom(epochSinceMs: number): number {
    const least = this.sql.least.all(epochSinceMs, epochSinceMs, LIMITS.storeClassesMadeRoom);
    for (const { id } of least) {
      this.sql.dropExamples.run(id);
      this.sql.drop.run(id);
    }
    return least.filter(({ last_seen_ms }) => last_seen_ms >= epochSinceMs).length;
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

/** The class that stands for further places of a kind at an endpoint. */
function otherPlaces(counts: ClassCounts): ClassCounts {
  const id = classId(counts.endpoint, counts.kind, OTHER_PLACES);
  return { ...counts, id, path: OTHER_PLACES };
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
    ofEndpoint: database.prepare<[string, string, number], { all: number; alike: number }>(
      `SELECT count(*) AS "all", ifnull(sum(kind = ?), 0) AS alike FROM classes
       WHERE endpoint = ? AND last_seen_ms >= ?`,
    ),
    least: database.prepare<[number, number, number], Pick<ClassRow, 'id' | 'last_seen_ms'>>(
      `SELECT id, last_seen_ms FROM classes
       ORDER BY last_seen_ms >= ?, iif(last_seen_ms < ?, last_seen_ms, count), last_seen_ms LIMIT ?`,
    ),
    dropExamples: database.prepare('DELETE FROM class_examples WHERE id = ?'),
    drop: database.prepare('DELETE FROM classes WHERE id = ?'),
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
