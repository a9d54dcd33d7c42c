/** Tests that share one half of the chance of error in equal parts: so many classes are found in a usual rollout. */
const EQUAL_TESTS = 64;

/**
 * The part of a chance of error that one of many tests may spend, when nobody knows beforehand how many there will be.
 * Tests are numbered from 1 as they begin. The first 64 get half of `alpha` in equal parts, the k-th after them
 * 1/(k(k+1)) of the other half; all parts, however many, add up to `alpha` at the most (a union bound with fixed
 * weights: Genovese, Roeder & Wasserman 2006, "False discovery control with p-value weighting"; fixed beforehand, as in
 * Foster & Stine 2008, "α-investing").
 * @param rank number of the test, from 1
 */
export function splitAlpha(alpha: number, rank: number): number {
  if (rank <= EQUAL_TESTS) return alpha / 2 / EQUAL_TESTS;
  const later = rank - EQUAL_TESTS;
  return alpha / 2 / (later * (later + 1));
}
