import { linkSync, renameSync, rmSync } from 'node:fs';
import { besidePath } from '../core/unix-address.ts';

/**
 * Puts the sockets that a worker has bound beside their paths in the place of an older supervisor's, and commits. When
 * that cannot be done, the older ones are put back: whoever serves them goes on, and no client finds nothing.
 * @param paths of the unix listeners
 * @param pid of the worker
 * @throws the system's error, or what `commit` throws
 */
export function takeUnixPaths(paths: readonly string[], pid: number, commit: () => void): void {
  const kept = paths.map((path) => ({ path, old: keep(path) }));
  try {
    for (const path of paths) renameSync(besidePath(path, pid), path);
    commit();
  } catch (error) {
    for (const { path, old } of kept) if (old !== null) renameSync(old, path);
    throw error;
  } finally {
    for (const { old } of kept) if (old !== null) rmSync(old, { force: true });
  }
}

/** A second name for what lies at a path; null when nothing does. */
function keep(path: string): string | null {
  const old = besidePath(path, process.pid);
  try {
    rmSync(old, { force: true });
    linkSync(path, old);
    return old;
  } catch {
    return null;
  }
}
