import { LIMITS } from '../../core/limits.ts';
import type { RandomSource } from '../../core/random.ts';

/**
 * The wait before the next try, milliseconds: doubles with every failure in a row, of which the upper half is drawn, so
 * that receivers behind one failure are not asked all at once; at least what the receiver asked for, within a cap.
 * @param failures in a row, at least 1
 * @param retryAfterMs what `Retry-After` said, or null
 */
export function retryDelayMs(failures: number, retryAfterMs: number | null, random: RandomSource): number {
  const { notifyRetryMinMs, notifyRetryMaxMs, notifyRetryAfterMs } = LIMITS;
  const longestMs = Math.min(notifyRetryMaxMs, notifyRetryMinMs * 2 ** Math.min(failures - 1, 30));
  const drawnMs = Math.round(longestMs * (0.5 + random.next() / 2));
  return Math.max(drawnMs, Math.min(notifyRetryAfterMs, retryAfterMs ?? 0));
}

/** `Retry-After` (RFC 9110, section 10.2.3), seconds or a date, as milliseconds from now; null when it says neither. */
export function retryAfterMs(field: string | undefined, nowMs: number): number | null {
  if (field === undefined) return null;
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1_000;
  const atMs = /^[A-Za-z]{3,9},? /.test(field) ? Date.parse(field) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
