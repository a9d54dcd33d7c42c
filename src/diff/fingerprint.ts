import { sha256Hex } from '../core/hash.ts';
import type { DifferenceKind } from '../core/observation.ts';

/**
 * The id of a class of differences: the same mismatch at the same endpoint, in whichever direction it was seen.
 * @param endpoint method and path template, `GET /users/{id}`
 * @param path see `Difference.path`
 * @returns 16 lower-case hex digits
 */
export function classId(endpoint: string, kind: DifferenceKind, path: string): string {
  return sha256Hex(`${endpoint}\n${kind}\n${path}`).slice(0, 16);
}
