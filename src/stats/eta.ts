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
  const proven = (n: number): boolean => logAdvance(projected(counts, n), margin) >= enough;
  if (logAdvance(counts, margin) >= enough) return 0;
  if (!proven(PROJECTED_PAIRS)) return null;
  // Along a projection the evidence is convex and begins at 0: once it is enough, it stays so.
  let short = counts.n;
  let plenty = PROJECTED_PAIRS;
  while (plenty - short > 1) {
    const middle = Math.floor((short + plenty) / 2);
    if (proven(middle)) plenty = middle;
    else short = middle;
  }
  return plenty - counts.n;
}

function projected({ n, plus, minus }: Counts, pairs: number): Counts {
  const growth = n === 0 ? 0 : pairs / n;
  return { n: pairs, plus: plus * growth, minus: minus * growth };
}
