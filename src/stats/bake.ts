import { pairsToAdvance } from './eta.ts';
import { logAdvance } from './paired.ts';
import type { Counts } from './paired.ts';

/** Fewer pairs say too little about a window: it is added to the next one. */
export const BAKE_PAIRS = 50;
const LEAST_EXCESS = 2;
const EXCESS_SHARE = 0.02;

/**
 * Windows as pairs of lanes: `n` windows, those that were bad for the candidate alone, and for legacy alone.
 * What is not enough for a window yet waits in `rest`.
 */
export interface Bake {
  readonly windows: Counts;
  readonly rest: Counts;
}

const NOTHING: Counts = { n: 0, plus: 0, minus: 0 };
export const NO_BAKE: Bake = { windows: NOTHING, rest: NOTHING };

/** One window of pairs more. */
export function withWindow({ windows, rest }: Bake, window: Counts): Bake {
  const seen = {
    n: rest.n + window.n,
    plus: rest.plus + window.plus,
    minus: rest.minus + window.minus,
  };
  if (seen.n < BAKE_PAIRS) return { windows, rest: seen };
  const bad = badFor(seen);
  return {
    windows: {
      n: windows.n + 1,
      plus: windows.plus + (bad > 0 ? 1 : 0),
      minus: windows.minus + (bad < 0 ? 1 : 0),
    },
    rest: NOTHING,
  };
}

/** 1 when its excess is against the candidate, -1 against legacy, else 0: at least two pairs, and two in a hundred. */
function badFor({ n, plus, minus }: Counts): -1 | 0 | 1 {
  const excess = plus - minus;
  if (Math.abs(excess) < Math.max(LEAST_EXCESS, EXCESS_SHARE * n)) return 0;
  return excess > 0 ? 1 : -1;
}

/**
 * Evidence that fewer windows than `share` are bad for the candidate beyond those that are bad for legacy: what a
 * test of requests cannot see, a candidate that fails rarely and much. As `logAdvance`, with windows for pairs.
 */
export function logBaked({ windows }: Bake, share: number): number {
  return logAdvance(windows, share);
}

/** Windows still needed for that; null when it would not be proven. Without a bad one 357 prove 1 % at α = 0.05. */
export function windowsToBake({ windows }: Bake, share: number, alpha: number): number | null {
  return pairsToAdvance(windows, share, alpha);
}
