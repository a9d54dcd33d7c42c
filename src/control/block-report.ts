import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths } from './run-dir.ts';

/** Where a worker's watch says which filter keeps the worker from everything else. */
export function blockReportFile(runDir: string, pid: number): string {
  return join(runPaths(runDir).workers, `${pid}.blocked`);
}

/** What keeps this worker, for people; null when nobody says. `isSure`: a hook that does not return. */
export function blockOf(
  runDir: string,
  pid: number,
): { readonly how: string; readonly isSure: boolean } | null {
  try {
    const text = readFileSync(blockReportFile(runDir, pid), 'utf8');
    const { filters, hook } = JSON.parse(text) as { filters: readonly string[]; hook: string | null };
    if (filters.length === 0) return null;
    const names = filters.join(' or ');
    if (hook === null) return { how: `perhaps by filter ${names}, after an await`, isSure: false };
    return { how: `by filter ${names} in ${hook}`, isSure: true };
  } catch {
    // Nearly always: it is not blocked, or not by a filter.
    return null;
  }
}

/** The worker is gone. */
export function removeBlockReport(runDir: string, pid: number): void {
  rmSync(blockReportFile(runDir, pid), { force: true });
}
