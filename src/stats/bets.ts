/**
 * The bets of every test in this room: a fixed grid, so that counts are all that has to be kept of the past.
 * Each bet stakes a fraction of its wealth on every observation. The small ones win slowly against a small effect,
 * the large ones fast against a large one, and their mean is as good as the best of them but for a constant.
 * Mixtures of bets: Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86(1),
 * 2024, section 4.
 */
const BET_COUNT = 10;
/** Below 1, so that no single observation ruins a bet. */
const LARGEST_BET = 0.98;

/** Staked fractions of wealth, largest first, each half of the one before. */
export const BETS: readonly number[] = Array.from({ length: BET_COUNT }, (_, k) => LARGEST_BET * 2 ** -k);

// 1/((k+1)(k+2)) = 1/(k+1) - 1/(k+2): the sum of the first K is 1 - 1/(K+1).
const TOTAL = 1 - 1 / (BET_COUNT + 1);

/** Natural logarithms of the shares of the wealth that each bet starts with; the shares add up to 1. */
export const LOG_WEIGHTS: readonly number[] = BETS.map((_, k) => -Math.log((k + 1) * (k + 2) * TOTAL));

/** ln Σ exp(term), without overflow; -Infinity for no terms. */
export function logSumExp(terms: ArrayLike<number>): number {
  let most = -Infinity;
  for (let k = 0; k < terms.length; k += 1) most = Math.max(most, terms[k] as number);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (let k = 0; k < terms.length; k += 1) sum += Math.exp((terms[k] as number) - most);
  return most + Math.log(sum);
}
