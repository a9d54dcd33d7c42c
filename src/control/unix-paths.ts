import { linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { besidePath, unixPath } from '../core/unix-address.ts';

/** The unix sockets of one supervisor's workers. */
export class UnixPaths {
  /** Workers of an older supervisor serve the paths; those of this one have bound beside them. */
  beside = false;
  private seen = '';
  private readonly paths: readonly string[];

  constructor(listeners: readonly { readonly host: string }[]) {
    this.paths = listeners.flatMap(({ host }) => unixPath(host) ?? []);
  }

  /** See {@link takeUnixPaths}. */
  take(pid: number, commit: () => void): void {
    takeUnixPaths(this.paths, pid, commit);
    this.beside = false;
  }

  /** Remembers what lies at the paths. */
  look(): void {
    this.seen = this.files();
  }

  /** Whether something else lies there since {@link look}. */
  get changed(): boolean {
    return this.files() !== this.seen;
  }

  private files(): string {
    return this.paths.map((path) => statSync(path, { throwIfNoEntry: false })?.ino ?? '').join(' ');
  }
}

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
