import { logAdvance } from './paired.ts';
import type { Counts } from './paired.ts';

/** Pairs looked ahead: at 1,000 a second 11 days. What needs more is not worth waiting for. */
const PROJECTED_PAIRS = 1_000_000_000;

/**
 * How many more pairs prove that the excess is below the margin ({@link logAdvance} reaches ln(1/α)), if they differ
 * as often as those seen so far. Without a pair that differed it is the earliest proof there can be.
 * @param margin tolerated excess, a fraction
 * @param alpha accepted chance of a false proof
 * @returns 0 when it is proven, null when it would not be: the excess is too close to the margin, or beyond it
 */
export function pairsToAdvance(counts: Counts, margin: number, alpha: number): number | null {
  const enough = Math.log(1 / alpha);
  if (logAdvance(counts, margin) >= enough) return 0;
  return moreUnits(counts.n, (n) => logAdvance(projected(counts, n), margin) >= enough);
}

/**
 * How many more units prove something, by bisection.
 * @param have units that do not prove it
 * @param proven whether a projection to so many does; along it the evidence is convex and begins at 0: once it is
 * enough, it stays so
 * @returns null when no number that is worth waiting for does
 */
export function moreUnits(have: number, proven: (n: number) => boolean): number | null {
  if (!proven(PROJECTED_PAIRS)) return null;
  let short = have;
  let plenty = PROJECTED_PAIRS;
  while (plenty - short > 1) {
    const middle = Math.floor((short + plenty) / 2);
    if (proven(middle)) plenty = middle;
    else short = middle;
  }
  return plenty - have;
}

function projected({ n, plus, minus }: Counts, pairs: number): Counts {
  const growth = n === 0 ? 0 : pairs / n;
  return { n: pairs, plus: plus * growth, minus: minus * growth };
}
