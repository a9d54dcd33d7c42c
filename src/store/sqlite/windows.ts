import type { Database } from 'better-sqlite3';
import { LIMITS } from '../../core/limits.ts';
import type { Window } from '../../telemetry/types.ts';
import { packWindow, unpackWindow } from './window-codec.ts';

interface WindowRow {
  readonly row: number;
  readonly start_ms: number;
  readonly epoch: number;
  readonly body: Buffer;
}

/** A window that is not unpacked. */
export type PackedWindow = Pick<WindowRow, 'start_ms' | 'body'>;

/** Windows as they were put, of one roll-up slot and one epoch, in time order. */
export interface WindowGroup {
  readonly rows: readonly number[];
  readonly windows: readonly Window[];
}

/** Which windows to delete. */
export interface OldestWindows {
  /** Windows at the most. */
  readonly limit: number;
  /** Only windows that start before this. */
  readonly beforeMs?: number;
  /** Enough when bodies of so many bytes are gone. */
  readonly bytes?: number;
}

/** The table of windows. Methods that change more than one row must run inside a transaction. */
export class Windows {
  private readonly file: string;
  private readonly sql: Statements;

  constructor(database: Database) {
    this.file = database.name;
    this.sql = statements(database);
  }

  /** Windows that start before this were rolled up or deleted. */
  closedBeforeMs(): number {
    return this.sql.horizon.get()?.closed_before_ms ?? 0;
  }

  /** Refuses windows before this from now on; it never goes back. */
  closeBefore(ms: number): void {
    this.sql.close.run(ms, ms);
  }

  /** False when a window of the same start, width, epoch and keeper is there. */
  insert(window: Window, rolledUp: boolean): boolean {
    const { startMs, widthMs, epoch, keeper } = window;
    if (this.sql.has.get(startMs, widthMs, epoch, keeper) !== undefined) return false;
    this.sql.insert.run(startMs, widthMs, epoch, keeper, rolledUp ? 1 : 0, packWindow(window));
    return true;
  }

  /** Start of the first window at or after `fromMs`, or null. */
  nextStartMs(fromMs: number): number | null {
    return this.sql.next.get(fromMs)?.start_ms ?? null;
  }

  /** Windows with `fromMs <= startMs < toMs`, in time order. */
  range(fromMs: number, toMs: number): Window[] {
    return this.sql.range.all(fromMs, toMs).map((row) => this.unpack(row));
  }

  /** The windows that start last, oldest first, as they are stored: unpacking one takes most of a millisecond. */
  newest(limit: number): PackedWindow[] {
    return this.sql.newest.all(limit);
  }

  /** @throws CutoverError `STORE_CORRUPT` naming the window */
  unpack({ start_ms: startMs, body }: PackedWindow): Window {
    return unpackWindow(this.file, startMs, body);
  }

  /**
   * End of the middle one of the newest windows, or null when there is none. They come at a steady pace, so it
   * tells the time: a few that were put under a wrong clock, or are left from then, do not move it.
   */
  middleEndMs(): number | null {
    const ends = this.sql.newestEnds.all(LIMITS.sweepWitnessWindows);
    return ends[Math.floor((ends.length - 1) / 2)]?.end_ms ?? null;
  }

  /** Start of the first window before `beforeMs` that is still as it was put, or null. */
  nextAsPutMs(beforeMs: number): number | null {
    return this.sql.asPut.get(beforeMs)?.start_ms ?? null;
  }

  /** Windows as they were put that start in a slot, by epoch. */
  groups(fromMs: number, toMs: number): WindowGroup[] {
    const byEpoch = Map.groupBy(this.sql.slot.all(fromMs, toMs), (row) => row.epoch);
    return [...byEpoch.values()].map((rows) => ({
      rows: rows.map(({ row }) => row),
      windows: rows.map((row) => this.unpack(row)),
    }));
  }

  /** True while no window of the group was deleted or rolled up. */
  isWhole({ rows }: WindowGroup): boolean {
    return rows.every((row) => this.sql.isAsPut.get(row) !== undefined);
  }

  /** Puts one window in the place of those it was made of. */
  replace({ rows }: WindowGroup, merged: Window): void {
    for (const row of rows) this.sql.delete.run(row);
    if (!this.insert(merged, true))
      throw new Error(`the window that starts at ${merged.startMs} is there twice`);
  }

  /**
   * Deletes the oldest windows, and refuses what is as old from now on. That horizon follows windows that were
   * there, never a clock: a time that was wrong once closes nothing.
   * @returns how many were deleted
   */
  deleteOldest({ limit, beforeMs = Number.MAX_SAFE_INTEGER, bytes = Infinity }: OldestWindows): number {
    let freed = 0;
    let deleted = 0;
    for (const row of this.sql.oldest.all(beforeMs, limit)) {
      if (freed >= bytes) break;
      this.sql.delete.run(row.row);
      this.closeBefore(row.start_ms + 1);
      freed += row.bytes;
      deleted += 1;
    }
    return deleted;
  }
}

function statements(database: Database) {
  return {
    horizon: database.prepare<[], { closed_before_ms: number }>('SELECT closed_before_ms FROM horizon'),
    close: database.prepare('UPDATE horizon SET closed_before_ms = ? WHERE closed_before_ms < ?'),
    has: database.prepare(
      'SELECT 1 FROM windows WHERE start_ms = ? AND width_ms = ? AND epoch = ? AND keeper = ?',
    ),
    insert: database.prepare(
      'INSERT INTO windows (start_ms, width_ms, epoch, keeper, rolled_up, body) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    next: database.prepare<[number], { start_ms: number }>(
      'SELECT start_ms FROM windows WHERE start_ms >= ? ORDER BY start_ms LIMIT 1',
    ),
    range: database.prepare<[number, number], WindowRow>(
      'SELECT start_ms, body FROM windows WHERE start_ms >= ? AND start_ms < ? ORDER BY start_ms, epoch, row',
    ),
    newest: database.prepare<[number], PackedWindow>(
      `SELECT start_ms, body FROM windows WHERE row IN
       (SELECT row FROM windows ORDER BY start_ms DESC, width_ms DESC, epoch DESC, keeper DESC LIMIT ?)
       ORDER BY start_ms, epoch, row`,
    ),
    newestEnds: database.prepare<[number], { end_ms: number }>(
      'SELECT start_ms + width_ms AS end_ms FROM windows ORDER BY start_ms DESC LIMIT ?',
    ),
    asPut: database.prepare<[number], { start_ms: number }>(
      'SELECT start_ms FROM windows WHERE rolled_up = 0 AND start_ms < ? ORDER BY start_ms LIMIT 1',
    ),
    slot: database.prepare<[number, number], WindowRow>(
      `SELECT row, start_ms, epoch, body FROM windows WHERE rolled_up = 0 AND start_ms >= ? AND start_ms < ?
       ORDER BY start_ms, row`,
    ),
    delete: database.prepare('DELETE FROM windows WHERE row = ?'),
    isAsPut: database.prepare('SELECT 1 FROM windows WHERE row = ? AND rolled_up = 0'),
    oldest: database.prepare<[number, number], { row: number; start_ms: number; bytes: number }>(
      'SELECT row, start_ms, length(body) AS bytes FROM windows WHERE start_ms < ? ORDER BY start_ms LIMIT ?',
    ),
  };
}

type Statements = ReturnType<typeof statements>;
