import { readFileSync, rmSync } from 'node:fs';
import { CutoverError } from '../core/errors.ts';
import { tryLockFile } from '../store/sqlite/lock.ts';
import type { FileLock } from '../store/sqlite/lock.ts';
import type { RunPaths } from './run-dir.ts';
import { writeFileAtomic } from './run-dir.ts';

/**
 * Makes this process the only supervisor of a run directory, until it releases the lock or ends.
 * @throws CutoverError ALREADY_RUNNING when another one lives
 */
export function lockRunDir(paths: RunPaths): FileLock {
  const lock = tryLockFile(paths.lock);
  if (lock === null) {
    const pid = holderPid(paths.supervisor);
    throw new CutoverError(
      'ALREADY_RUNNING',
      `another supervisor${pid === null ? '' : ` (process ${pid})`} runs with this run directory`,
      {
        hint: `stop it first: kill ${pid ?? 'PID'} (it drains), or apply a changed configuration: cutover reload`,
      },
    );
  }
  writeFileAtomic(paths.supervisor, `${JSON.stringify({ pid: process.pid })}\n`);
  return {
    release() {
      rmSync(paths.supervisor, { force: true });
      lock.release();
    },
  };
}

/** Tells the command line where this supervisor's admin API listens. @throws the system's error */
export function noteAdminAddress(paths: RunPaths, host: string, port: number): void {
  const admin = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  writeFileAtomic(paths.supervisor, `${JSON.stringify({ pid: process.pid, admin })}\n`);
}

function holderPid(file: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' ? pid : null;
  } catch {
    return null;
  }
}
