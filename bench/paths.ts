import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Servers are often installed where only an administrator's PATH looks. */
const SYSTEM = ['/usr/sbin', '/usr/local/sbin'];

/** The first executable of that name on PATH or among the system's, or null. */
export function findOnPath(name: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM]) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}
