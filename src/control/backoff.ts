import { LIMITS } from '../core/limits.ts';
import type { RandomSource } from '../core/random.ts';

/**
 * The wait before a dead worker is started again, milliseconds: doubles with every failure in a row, between
 * `LIMITS.restartMinMs` and `LIMITS.restartMaxMs`, of which the upper half is drawn so that workers that died
 * together do not come back together.
 * @param failures in a row, this one included; at least 1
 */
export function restartDelayMs(failures: number, random: RandomSource): number {
  const longestMs = Math.min(LIMITS.restartMaxMs, LIMITS.restartMinMs * 2 ** Math.min(failures, 30));
  return Math.max(LIMITS.restartMinMs, Math.round(longestMs * (0.5 + random.next() / 2)));
}
