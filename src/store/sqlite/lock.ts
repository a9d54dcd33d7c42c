import Database from 'better-sqlite3';
import { systemCode } from '../../core/errors.ts';
import { makePrivate, takeFromOthers } from './private-file.ts';

/** A lock on a file that the operating system drops when the process ends, however it ends. */
export interface FileLock {
  release(): void;
}

/**
 * Takes an exclusive lock without waiting: an open `BEGIN EXCLUSIVE` holds the database's byte-range locks
 * (sqlite.org/lockingv3.html). Children that are started do not inherit it.
 * @param file made for its owner alone when it does not exist, because who may read it may lock it; nothing is ever
 * written to it
 * @returns null when another process holds it
 * @throws the database's error when the file cannot be opened
 */
export function tryLockFile(file: string): FileLock | null {
  makePrivate(file);
  const database = new Database(file, { timeout: 0 });
  takeFromOthers(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (systemCode(error).startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
  return { release: () => void database.close() };
}
