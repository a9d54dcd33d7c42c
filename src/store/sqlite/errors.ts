import { dirname } from 'node:path';
import { CutoverError, messageOf, systemCode } from '../../core/errors.ts';

interface Explanation {
  /** Start of SQLite's result code; the first that fits is taken. */
  readonly prefix: string;
  readonly code: string;
  readonly problem: string;
  readonly hint: (file: string) => string;
}

const restore = (file: string): string =>
  `restore a backup, or keep the file for inspection and start anew: mv ${file} ${file}.broken`;
const freeSpace = (file: string): string =>
  `free space on its file system (df -h ${dirname(file)}), or lower store.retention in cutover.yaml`;
const access = (file: string): string =>
  `check owner and mode of the file and its directory: ls -ld ${dirname(file)} ${file}`;

/** SQLite's result codes in words (https://www.sqlite.org/rescode.html). */
const EXPLANATIONS: readonly Explanation[] = [
  { prefix: 'SQLITE_FULL', code: 'STORE_FULL', problem: 'the disk is full', hint: freeSpace },
  { prefix: 'SQLITE_IOERR_SHMSIZE', code: 'STORE_FULL', problem: 'the disk is full', hint: freeSpace },
  {
    prefix: 'SQLITE_BUSY',
    code: 'STORE_LOCKED',
    problem: 'another program has locked it',
    hint: (file) => `end that program; this names it: fuser -v ${file}`,
  },
  {
    prefix: 'SQLITE_LOCKED',
    code: 'STORE_LOCKED',
    problem: 'it is locked',
    hint: (file) => `fuser -v ${file}`,
  },
  { prefix: 'SQLITE_READONLY', code: 'STORE_READ_ONLY', problem: 'it cannot be written', hint: access },
  { prefix: 'SQLITE_CANTOPEN', code: 'STORE_UNREADABLE', problem: 'it cannot be opened', hint: access },
  { prefix: 'SQLITE_PERM', code: 'STORE_UNREADABLE', problem: 'access was refused', hint: access },
  { prefix: 'SQLITE_AUTH', code: 'STORE_UNREADABLE', problem: 'access was refused', hint: access },
  { prefix: 'SQLITE_NOTADB', code: 'STORE_NOT_A_DATABASE', problem: 'it is not a database', hint: restore },
  { prefix: 'SQLITE_CORRUPT', code: 'STORE_CORRUPT', problem: 'it is damaged', hint: restore },
  {
    prefix: 'SQLITE_IOERR',
    code: 'STORE_IO',
    problem: 'the disk reports an error',
    hint: (file) => `look at the kernel's log (dmesg | tail) and at the file system of ${file}`,
  },
];

/** The error for a damaged file, with what was found. */
export function corruptError(file: string, found: string, cause?: unknown): CutoverError {
  return new CutoverError('STORE_CORRUPT', `the store ${file}: it is damaged (${found})`, {
    hint: restore(file),
    cause,
  });
}

/** True when SQLite could not read or write: after that, whether a commit took effect is unknown. */
export function isInputOutputError(thrown: unknown): boolean {
  return systemCode(thrown).startsWith('SQLITE_IOERR');
}

/**
 * Turns what SQLite threw into an error for people; anything else is given back as it is.
 * @param file the database, named in the message
 */
export function storeError(thrown: unknown, file: string): unknown {
  if (thrown instanceof TypeError && thrown.message.includes('connection is not open')) {
    return new CutoverError('STORE_CLOSED', `the store ${file} is closed`, { cause: thrown });
  }
  const found = EXPLANATIONS.find(({ prefix }) => systemCode(thrown).startsWith(prefix));
  if (found === undefined) return thrown;
  const message = `the store ${file}: ${found.problem} (${messageOf(thrown)})`;
  return new CutoverError(found.code, message, { hint: found.hint(file), cause: thrown });
}

/** Runs `work` and throws its failures as {@link storeError} does. */
export function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw storeError(thrown, file);
  }
}
