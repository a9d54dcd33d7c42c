import type { Window } from '../telemetry/types.ts';

/**
 * Whether legacy answered a client in the newest whole window under the phase in force, in the place of a failed candidate
 * too; true when nobody knows.
 * @param sinceMs when that phase began
 */
export function legacyServes(newest: Window | null, sinceMs: number): boolean {
  if (newest === null || newest.startMs < sinceMs) return true;
  return newest.lanes.some(({ lane, requests, fallbacks }) =>
    lane === 'legacy' ? requests > fallbacks : fallbacks > 0,
  );
}
