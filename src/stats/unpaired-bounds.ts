import { moreUnits } from './eta.ts';
import { logAdvanceUnpaired } from './unpaired.ts';
import type { ArmCounts } from './unpaired.ts';

/** Halvings of a span of at most 2: what is left is below the resolution of the numbers. */
const HALVINGS = 60;

/** Two arms of equal size: the difference of their shares is the same seen from either side. */
const HALF = 0.5;

/**
 * Where the difference of the shares of bad units lies, candidate less legacy, between two arms of equal size: a
 * confidence sequence like that of `interval.ts`, of the differences that no bet has refuted yet.
 * @returns null without units
 */
export function unpairedInterval(
  { n, candidateBad, legacyBad }: ArmCounts,
  alpha: number,
): readonly [low: number, high: number] | null {
  if (n === 0) return null;
  const low = -upperBound({ n, candidateBad: legacyBad, legacyBad: candidateBad }, alpha / 2);
  return [low, upperBound({ n, candidateBad, legacyBad }, alpha / 2)];
}

function upperBound(counts: ArmCounts, alpha: number): number {
  const enough = Math.log(1 / alpha);
  let open = Math.max(-1, Math.min(1, excessOf(counts)));
  let refuted = 1;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (open + refuted) / 2;
    if (logAdvanceUnpaired(counts, HALF, middle) >= enough) refuted = middle;
    else open = middle;
  }
  return refuted;
}

/** The difference that was counted, a fraction, between two arms of equal size; 0 without units. */
export function excessOf({ n, candidateBad, legacyBad }: ArmCounts): number {
  return n === 0 ? 0 : (candidateBad - legacyBad) / (n * HALF);
}

/**
 * How many more units of two equal arms prove that the difference is below the margin, if they are bad as often as those
 * so far: see `eta.ts`.
 * @returns 0 when it is proven, null when it would not be
 */
export function unitsToAdvance(counts: ArmCounts, margin: number, alpha: number): number | null {
  const enough = Math.log(1 / alpha);
  if (logAdvanceUnpaired(counts, HALF, margin) >= enough) return 0;
  const { n, candidateBad, legacyBad } = counts;
  return moreUnits(n, (units) => {
    const growth = n === 0 ? 0 : units / n;
    const projected = { n: units, candidateBad: candidateBad * growth, legacyBad: legacyBad * growth };
    return logAdvanceUnpaired(projected, HALF, margin) >= enough;
  });
}
