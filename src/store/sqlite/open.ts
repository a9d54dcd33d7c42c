import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { CutoverError, messageOf } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { corruptError, explained } from './errors.ts';
import { APPLICATION_ID, migrate, requireCurrent } from './migrations.ts';
import { makePrivate, takeFromOthers } from './private-file.ts';

export interface ConnectionOptions {
  readonly file: string;
  readonly readOnly: boolean;
  /**
   * `FULL` reaches the disk before a commit is acknowledged; `NORMAL` may lose the last commits when the machine
   * (not the process) stops. Neither can damage the file in WAL mode (https://www.sqlite.org/pragma.html#pragma_synchronous).
   */
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly nowMs: number;
  /** This process has opened the file just now: it was checked and migrated then. */
  readonly verified?: boolean;
  /** A database may not grow past so many pages of 4 KiB: stands in for a full disk in tests. */
  readonly maxPages?: number | undefined;
}

/**
 * Opens a connection to a database that is Cutover's, whole, and of the schema of this build; a writer makes and
 * migrates it.
 * @throws CutoverError with a code `STORE_…` that says what is wrong with the file
 */
export function openConnection(options: ConnectionOptions): Database {
  const database = explained(options.file, () => openFile(options));
  try {
    explained(options.file, () => prepare(database, options));
    database.pragma(`busy_timeout = ${LIMITS.storeBlockMs}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function openFile({ file, readOnly }: ConnectionOptions): Database {
  if (readOnly && !existsSync(file)) {
    throw new CutoverError('STORE_MISSING', `there is no store at ${file}`, {
      hint: 'start the gateway once (cutover run), or name another file under store.sqlite in cutover.yaml',
    });
  }
  if (!readOnly) {
    makeDirectory(file);
    makePrivate(file);
  }
  const database = new SqliteDatabase(file, {
    readonly: readOnly,
    fileMustExist: readOnly,
    timeout: LIMITS.storeBusyMs,
  });
  if (!readOnly) takeFromOthers(file);
  return database;
}

function makeDirectory(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (thrown) {
    throw new CutoverError('STORE_UNREADABLE', `the store ${file}: ${messageOf(thrown)}`, {
      hint: `make the directory, or name another file under store.sqlite: mkdir -p ${dirname(file)}`,
      cause: thrown,
    });
  }
}

function prepare(database: Database, options: ConnectionOptions): void {
  const fresh = identify(database);
  if (!options.readOnly) setUp(database, fresh, options);
  if (options.verified === true) return;
  if (!fresh) check(database);
  if (options.readOnly) requireCurrent(database);
  else migrate(database, options.nowMs);
}

function setUp(database: Database, fresh: boolean, options: ConnectionOptions): void {
  if (fresh) database.pragma('auto_vacuum = INCREMENTAL');
  writeAhead(database);
  // The build of SQLite in use defaults to NORMAL in WAL mode: it must be said.
  database.pragma(`synchronous = ${options.synchronous}`);
  database.pragma(`journal_size_limit = ${LIMITS.storeWalBytes}`);
  if (options.maxPages !== undefined) database.pragma(`max_page_count = ${options.maxPages}`);
}

/** True for a database without content. */
function identify(database: Database): boolean {
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  if (tables === 0) return true;
  if (database.pragma('application_id', { simple: true }) === APPLICATION_ID) return false;
  throw new CutoverError('STORE_FOREIGN', `the database ${database.name} belongs to another program`, {
    hint: 'name another file under store.sqlite in cutover.yaml',
  });
}

function writeAhead(database: Database): void {
  const mode = database.pragma('journal_mode = WAL', { simple: true });
  if (mode === 'wal') return;
  throw new CutoverError(
    'STORE_NO_WAL',
    `the store ${database.name}: its file system has no shared memory (${String(mode)})`,
    {
      hint: 'put it on a local disk, not on a network file system: store.sqlite in cutover.yaml',
    },
  );
}

function check(database: Database): void {
  if (statSync(database.name).size <= LIMITS.storeCheckBytes) checkPart(database, 'PRAGMA quick_check(1)');
  else for (const table of smallTables(database)) checkPart(database, `PRAGMA quick_check(${table})`);
}

/** All but the windows, which may be gigabytes: a damaged one is found when it is read. */
function smallTables(database: Database): string[] {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'windows'");
  return names.pluck().all() as string[];
}

function checkPart(database: Database, pragma: string): void {
  const found = database.prepare(pragma).pluck().get() as string;
  if (found !== 'ok') throw corruptError(database.name, found);
}
