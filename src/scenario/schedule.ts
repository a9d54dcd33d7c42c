import type { Traffic } from './schema-traffic.ts';

/** The moments at which the requests of one stretch are due: evenly, from its start to its end. */
export interface Schedule {
  /** Milliseconds after the start of the rehearsal. */
  dueMs(index: number): number;
  /** Requests due up to a moment, that one included. */
  dueUntil(nowMs: number): number;
}

/** @param traffic a stretch without `for` goes on as long as it is asked */
export function scheduleOf({ at, rate, for: lasts }: Pick<Traffic, 'at' | 'rate' | 'for'>): Schedule {
  const all = lasts === undefined ? Number.POSITIVE_INFINITY : Math.ceil((rate * lasts) / 1_000 - 1e-9);
  return {
    dueMs: (index) => at + (index * 1_000) / rate,
    dueUntil: (nowMs) =>
      nowMs < at || rate === 0 ? 0 : Math.min(all, Math.floor(((nowMs - at) * rate) / 1_000 + 1e-9) + 1),
  };
}
