import { logAdvance } from './paired.ts';
import type { Counts } from './paired.ts';

/** Halvings of a span of at most 2: what is left is below the resolution of the numbers. */
const HALVINGS = 60;

/**
 * Where the mean excess of the candidate lies, as fractions: a confidence sequence. With probability 1 - α all its
 * intervals, over all time, contain the mean, so it may be read after every pair. It contains what was counted,
 * (plus - minus) / n. (Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting":
 * the means that no bet has refuted yet.)
 * @returns null without pairs
 */
export function excessInterval(counts: Counts, alpha: number): readonly [low: number, high: number] | null {
  const { n, plus, minus } = counts;
  if (n === 0) return null;
  const low = -upperBound({ n, plus: minus, minus: plus }, alpha / 2);
  return [low, upperBound(counts, alpha / 2)];
}

/** The smallest excess that is refuted at level `alpha`, or 1; evidence against an excess grows with the excess. */
function upperBound(counts: Counts, alpha: number): number {
  const enough = Math.log(1 / alpha);
  let open = (counts.plus - counts.minus) / counts.n;
  let refuted = 1;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (open + refuted) / 2;
    if (logAdvance(counts, middle) >= enough) refuted = middle;
    else open = middle;
  }
  return refuted;
}
