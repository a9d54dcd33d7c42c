import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The root of the repository. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A file of the shared test data, which is not part of the repository: below CUTOVER_SHARED_DATA, or `shared/data`
 * beside the repository. @returns null where it is absent
 */
export function sharedData(path: string): string | null {
  const folder = process.env['CUTOVER_SHARED_DATA'] ?? join(REPOSITORY, '..', 'shared', 'data');
  const file = join(folder, path);
  return existsSync(file) ? file : null;
}
