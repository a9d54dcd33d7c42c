import { binet } from './log-beta.ts';

/** Prior weight of the rarest side, in units: less would doubt a fair draw early, more would see a skewed one late. */
const RAREST = 10;
const MOST_CONCENTRATION = 10_000;

/**
 * Evidence that units were not drawn with the intended shares: the natural logarithm of a Dirichlet-multinomial e-process
 * against "each unit falls on side i with chance θᵢ". Lindon & Malek 2022, "Anytime-valid inference for
 * multinomial count data". Units are sampling keys, not requests: heavy users would be taken for a skew.
 * @param counts units on each side
 * @param shares the intended shares θ, fractions above 0 that add up to 1
 */
export function logSkew(
  counts: readonly number[],
  shares: readonly number[],
  concentration: number = Math.min(MOST_CONCENTRATION, RAREST / Math.min(...shares)),
): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const whole = concentration + total;
  // ln B(α + S) - ln B(α) - Σ S ln θ with the parts that grow with S taken out: they cancel.
  let log = (-(shares.length - 1) / 2) * Math.log(whole / concentration);
  log += binet(concentration) - binet(whole);
  shares.forEach((share, side) => {
    const prior = concentration * share;
    const count = counts[side] ?? 0;
    log += (prior + count - 0.5) * Math.log1p((count - total * share) / (whole * share));
    log += binet(prior + count) - binet(prior);
  });
  return log;
}
