import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

/** Pages given back to the file system at a time; more would hold the event loop up. */
const VACUUM_PAGES = 2_000;

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What the database takes on the disk, and giving back what it no longer needs. */
export class DiskSize {
  private readonly database: Database;
  private readonly pageBytes: number;

  constructor(database: Database) {
    this.database = database;
    this.pageBytes = database.pragma('page_size', { simple: true }) as number;
  }

  /** Bytes of the database file as of the last commit, whether or not they left the write-ahead log yet. */
  databaseBytes(): number {
    return (this.database.pragma('page_count', { simple: true }) as number) * this.pageBytes;
  }

  /** Bytes of the database and its write-ahead log on the disk. */
  diskBytes(): number {
    return sizeOf(this.database.name) + sizeOf(`${this.database.name}-wal`);
  }

  /** Gives free pages back; false when there are more. */
  vacuum(): boolean {
    this.database.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    return this.database.pragma('freelist_count', { simple: true }) === 0;
  }

  /** Moves the write-ahead log into the database and empties it, unless somebody is reading. */
  checkpoint(): void {
    this.database.pragma('wal_checkpoint(TRUNCATE)');
  }
}
