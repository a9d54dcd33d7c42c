import { readFileSync, rmSync, statSync } from 'node:fs';
import { CutoverError } from '../core/errors.ts';
import { tryLockFile } from '../store/sqlite/lock.ts';
import type { FileLock } from '../store/sqlite/lock.ts';
import type { RunPaths } from './run-dir.ts';
import { writeFileAtomic } from './run-dir.ts';

/** What a supervisor says of itself in its run directory, for others that start there. */
export interface SupervisorNote {
  /** See `processStart`. */
  readonly started: string;
  readonly build: string;
  /** When its newest file was written, milliseconds since the Unix epoch. */
  readonly madeMs: number;
  readonly configFile: string;
  readonly storeFile: string;
  /** `timeouts.drain` it started with, milliseconds; an older build does not say. */
  readonly drainMs?: number;
}

/** The supervisor that a run directory names; what it does not say is null. */
export interface NotedSupervisor {
  readonly pid: number;
  readonly note: SupervisorNote | null;
  /** Where its admin API listens: from then on it acts. */
  readonly admin: string | null;
  /** User that wrote it. */
  readonly uid: number;
}

/**
 * Makes this process the only supervisor of a run directory, until it releases the lock or ends.
 * @throws CutoverError ALREADY_RUNNING when another one lives
 */
export function lockRunDir(paths: RunPaths, note?: SupervisorNote): FileLock {
  const lock = tryLockRunDir(paths, note);
  if (lock === null) throw alreadyRunning(readSupervisor(paths)?.pid ?? null);
  return lock;
}

/** The same; null when another one lives. */
export function tryLockRunDir(paths: RunPaths, note?: SupervisorNote): FileLock | null {
  const lock = tryLockFile(paths.lock);
  if (lock === null) return null;
  writeFileAtomic(paths.supervisor, `${JSON.stringify({ pid: process.pid, ...note })}\n`);
  return {
    release() {
      rmSync(paths.supervisor, { force: true });
      lock.release();
    },
  };
}

/**
 * One start at a time: a supervisor that takes over waits for the lock of the run directory, and nobody may come in
 * between.
 * @throws CutoverError ALREADY_RUNNING when another one starts
 */
export function lockStart(paths: RunPaths): FileLock {
  const lock = tryLockFile(paths.start);
  if (lock !== null) return lock;
  throw new CutoverError('ALREADY_RUNNING', 'another supervisor starts with this run directory right now', {
    hint: 'see what it came to: cutover status',
  });
}

/** The refusal of a second supervisor. @param why it does not take over, for people */
export function alreadyRunning(pid: number | null, why = '', hint = ''): CutoverError {
  const name = pid === null ? '' : ` (process ${pid})`;
  const stop = `stop it first: kill ${pid ?? 'PID'} (it drains), or apply a changed configuration: cutover reload`;
  return new CutoverError('ALREADY_RUNNING', `another supervisor${name} runs with this run directory${why}`, {
    hint: hint === '' ? stop : `${stop}; ${hint}`,
  });
}

/** Tells others where this supervisor's admin API listens. @throws the system's error */
export function noteAdminAddress(paths: RunPaths, host: string, port: number): void {
  const admin = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const known = readText(paths);
  writeFileAtomic(paths.supervisor, `${JSON.stringify({ ...known, pid: process.pid, admin })}\n`);
}

/** Who holds the lock, as it says itself; null when nobody does or it cannot be read. */
export function readSupervisor(paths: RunPaths): NotedSupervisor | null {
  const { pid, admin, ...note } = readText(paths);
  if (typeof pid !== 'number') return null;
  const uid = statSync(paths.supervisor, { throwIfNoEntry: false })?.uid ?? -1;
  return { pid, note: noteOf(note), admin: typeof admin === 'string' ? admin : null, uid };
}

function noteOf(from: Record<string, unknown>): SupervisorNote | null {
  const { started, build, madeMs, configFile, storeFile, drainMs } = from;
  if (typeof started !== 'string' || typeof build !== 'string' || typeof madeMs !== 'number') return null;
  if (typeof configFile !== 'string' || typeof storeFile !== 'string') return null;
  const note = { started, build, madeMs, configFile, storeFile };
  return typeof drainMs === 'number' ? { ...note, drainMs } : note;
}

function readText(paths: RunPaths): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(paths.supervisor, 'utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
