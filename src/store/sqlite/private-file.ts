import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/**
 * Makes an empty file for the owner alone, so that SQLite finds it and gives its log the same mode. A file that is
 * there is never opened: closing it would drop the locks this process holds on it (sqlite.org/howtocorrupt.html,
 * section 2.2). Where it cannot be made, SQLite finds out why and says so.
 */
export function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', OWNER_ONLY));
  } catch {
    return;
  }
}

/**
 * Takes the rights of others from a database and its log, when they are ours. Nobody loses what works: a reader
 * needs to write the shared memory beside the file. It is done rather than refused, because a gateway that does not
 * start helps nobody; a file of another owner is theirs to decide on.
 */
export function takeFromOthers(file: string): void {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) tighten(path);
}

function tighten(path: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile() || (found.mode & OTHERS) === 0) return;
    if (found.uid === process.geteuid?.()) chmodSync(path, found.mode & 0o7777 & ~OTHERS);
  } catch {
    // A file system without modes has nobody to keep out by them.
  }
}
