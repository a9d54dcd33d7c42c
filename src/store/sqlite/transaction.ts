import type { Database, Statement } from 'better-sqlite3';
import { messageOf } from '../../core/errors.ts';
import { AmbiguousError } from '../../rollout/ports.ts';
import { isInputOutputError, storeError } from './errors.ts';
import { Patience } from './patience.ts';
import type { StoreFile } from './store-file.ts';

/** Transactions of one connection. The library's own hide which of BEGIN, work and COMMIT failed. */
export class Transactions {
  private readonly database: Database;
  private readonly file: StoreFile | null;
  private readonly beginRead: Statement;
  private readonly beginWrite: Statement;
  private readonly end: Statement;
  private readonly undo: Statement;
  private readonly patience = new Patience();

  /** @param file looked for before each write; null: not at all */
  constructor(database: Database, file: StoreFile | null = null) {
    this.database = database;
    this.file = file;
    this.beginRead = database.prepare('BEGIN');
    this.beginWrite = database.prepare('BEGIN IMMEDIATE');
    this.end = database.prepare('COMMIT');
    this.undo = database.prepare('ROLLBACK');
  }

  /**
   * Runs `work` alone among all writers: all of it takes effect, or nothing.
   * @throws AmbiguousError when the disk failed inside COMMIT: the log may or may not hold the transaction
   * @throws CutoverError when it did not take effect; `STORE_MISSING` when it would be lost with a deleted file,
   * `STORE_LOCKED` when another program writes for longer than `LIMITS.storeBlockMs`
   */
  write<T>(work: () => T): T {
    this.file?.check();
    const result = this.run(this.beginWrite, work);
    try {
      this.end.run();
    } catch (thrown) {
      this.rollback();
      if (!isInputOutputError(thrown)) throw storeError(thrown, this.database.name);
      throw new AmbiguousError(`commit to ${this.database.name}: ${messageOf(thrown)}`, { cause: thrown });
    }
    return result;
  }

  /** Like {@link write}, and waits for other programs between turns of the event loop, `LIMITS.storeBusyMs` at most. */
  async writePatiently<T>(work: () => T): Promise<T> {
    return await this.patience.run(() => this.write(work));
  }

  /** Runs `work` on one unchanging view of the database. */
  read<T>(work: () => T): T {
    const result = this.run(this.beginRead, work);
    this.end.run();
    return result;
  }

  private run<T>(begin: Statement, work: () => T): T {
    try {
      begin.run();
      return work();
    } catch (thrown) {
      this.rollback();
      throw storeError(thrown, this.database.name);
    }
  }

  /** SQLite ends some failed transactions by itself (a full disk, say). */
  private rollback(): void {
    if (this.database.open && this.database.inTransaction) this.undo.run();
  }
}
