import { BETS, LOG_WEIGHTS, logSumExp } from './bets.ts';

/**
 * Pairs of one metric. What happened to both lanes (an incident of both, say) is in `n` alone and speaks for neither.
 * Whole numbers when counted; a projection may have fractions.
 */
export interface Counts {
  /** All pairs. */
  readonly n: number;
  /** Pairs of which only the candidate was bad. */
  readonly plus: number;
  /** Pairs of which only legacy was bad. */
  readonly minus: number;
}

/** The largest number below 1: at 1 itself the stake has no bound. Proof below it is proof below 1. */
const BELOW_ONE = 1 - 2 ** -53;

const terms = new Float64Array(BETS.length);

/**
 * Evidence that the candidate is bad less than `margin` more often than legacy: the natural logarithm of an e-process
 * against "the mean excess is `margin` or more, whatever happened before". If that is true, the chance that it ever
 * reaches ln(1/α) is at most α, however often somebody looks (Ville 1939, "Étude critique de la notion de collectif").
 * The bets are those of Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting".
 * @param margin tolerated excess, a fraction; 1 and more count as just below 1
 */
export function logAdvance(counts: Counts, margin: number): number {
  return logMixture(counts.n, counts.plus, counts.minus, margin);
}

/**
 * Evidence that the candidate is bad more than `base` more often than legacy: as {@link logAdvance}, against "the mean
 * excess is `base` or less". At base 0 it is a sequential sign test of the pairs that differ.
 * @param base excess that is taken for granted, a fraction; -1 and less count as just above -1
 */
export function logAbort(counts: Counts, base: number): number {
  return logMixture(counts.n, counts.minus, counts.plus, -base);
}

/**
 * Wealth of one bet of {@link logAdvance}, as a natural logarithm: 0 before the first pair.
 * @param bet one of `BETS`
 */
export function logWealth(counts: Counts, margin: number, bet: number): number {
  return logFactors(counts.n, counts.plus, counts.minus, Math.min(margin, BELOW_ONE), bet);
}

/** Mean wealth of all bets. @param lost pairs that speak against the claim @param won pairs that speak for it */
function logMixture(n: number, lost: number, won: number, margin: number): number {
  const bound = Math.min(margin, BELOW_ONE);
  for (let k = 0; k < terms.length; k += 1) {
    terms[k] = logFactors(n, lost, won, bound, BETS[k] as number) + (LOG_WEIGHTS[k] as number);
  }
  return logSumExp(terms);
}

/**
 * Each pair with excess D in {-1, 0, 1} multiplies the wealth by 1 + λ(margin - D), λ = bet / (1 - margin): at least
 * 1 - bet, and 1 or less in the mean if the mean of D is `margin` or more.
 */
function logFactors(n: number, lost: number, won: number, margin: number, bet: number): number {
  const stake = bet / (1 - margin);
  const even = Math.max(0, n - lost - won);
  return even * Math.log1p(stake * margin) + lost * Math.log1p(-bet) + won * Math.log1p(stake * (1 + margin));
}
