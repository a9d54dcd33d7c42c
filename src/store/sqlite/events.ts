import type { Database } from 'better-sqlite3';
import { CutoverError } from '../../core/errors.ts';
import type { CutoverEvent, StampedEvent } from '../../core/events.ts';

interface EventRow {
  readonly sequence: number;
  readonly at_ms: number;
  readonly body: string;
}

/** The table of events. Methods that write must run inside a transaction. */
export class Events {
  private readonly file: string;
  private readonly sql: Statements;

  constructor(database: Database) {
    this.file = database.name;
    this.sql = statements(database);
  }

  /**
   * Stores an event; the same one again changes nothing.
   * @throws CutoverError `EVENT_SEQUENCE` when another event has its place: the stream was begun anew, and going on
   * would lose events without a word
   */
  append({ sequence, atMs, event }: StampedEvent): void {
    const body = JSON.stringify(event);
    if (this.sql.append.run(sequence, atMs, body).changes > 0) return;
    const there = this.sql.get.get(sequence);
    if (there?.at_ms === atMs && there.body === body) return;
    throw new CutoverError('EVENT_SEQUENCE', `the store ${this.file} has another event ${sequence}`, {
      hint: 'number events from the last stored sequence on',
    });
  }

  /** Events after a sequence, oldest first. */
  after(sequence: number, limit: number): StampedEvent[] {
    const rows = this.sql.after.all(sequence, limit);
    return rows.map((row) => ({
      sequence: row.sequence,
      atMs: row.at_ms,
      event: JSON.parse(row.body) as CutoverEvent,
    }));
  }

  /** The sequence of the newest event, 0 when there is none. */
  lastSequence(): number {
    return this.sql.last.get()?.sequence ?? 0;
  }

  /** Deletes events before `ms`; the newest stays, so that the sequence is remembered. Gives their number. */
  expire(ms: number): number {
    return this.sql.expire.run(ms).changes;
  }

  /** Deletes the `limit` oldest events but the newest. Gives their number. */
  deleteOldest(limit: number): number {
    return this.sql.deleteOldest.run(limit).changes;
  }
}

function statements(database: Database) {
  return {
    append: database.prepare('INSERT INTO events VALUES (?, ?, ?) ON CONFLICT (sequence) DO NOTHING'),
    get: database.prepare<[number], EventRow>('SELECT * FROM events WHERE sequence = ?'),
    after: database.prepare<[number, number], EventRow>(
      'SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?',
    ),
    last: database.prepare<[], { sequence: number | null }>('SELECT max(sequence) AS sequence FROM events'),
    expire: database.prepare(
      'DELETE FROM events WHERE at_ms < ? AND sequence < (SELECT max(sequence) FROM events)',
    ),
    deleteOldest: database.prepare(
      `DELETE FROM events WHERE sequence IN (SELECT sequence FROM events ORDER BY sequence LIMIT ?)
       AND sequence < (SELECT max(sequence) FROM events)`,
    ),
  };
}

type Statements = ReturnType<typeof statements>;
