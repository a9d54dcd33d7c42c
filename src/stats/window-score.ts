import { BETS, LOG_WEIGHTS, logSumExp } from './bets.ts';
import type { Counts } from './paired.ts';

/** Excess beyond which a window counts no more: so much is an incident, whatever its size. */
const CLIP = 2;

/**
 * What each bet made of all windows so far, as natural logarithms. Requests of one moment fail together: a single incident
 * of one lane would prove anything if every request of it counted. A window counts once.
 */
export type Wealth = readonly number[];

const terms = new Float64Array(BETS.length);

/** Before the first window. */
export const NO_WEALTH: Wealth = BETS.map(() => 0);

/** The score of one window, -1 to 1: its excess of bad pairs, cut off at ±2, over 2. */
export function windowScore({ plus, minus }: Pick<Counts, 'plus' | 'minus'>): number {
  return Math.max(-CLIP, Math.min(CLIP, plus - minus)) / CLIP;
}

/**
 * The score of one window, -1 to 1, where legacy has nothing to be bad at: bad pairs beyond those that `base` allows, cut
 * off above at as many again (two at the least), over that. Cut off above only, so that the mean is 0 or less whenever
 * the mean share is `base` or less, however bad pairs cluster; scaled by what is allowed, so that no window ruins a bet.
 * @param base tolerated share, a fraction
 */
export function baseScore({ n, plus }: Pick<Counts, 'n' | 'plus'>, base: number): number {
  const allowed = base * n;
  const most = Math.max(CLIP, allowed);
  return (Math.min(plus, allowed + most) - allowed) / most;
}

/** One window more: each bet multiplies by 1 + bet · score. The same wealth, where nothing is won or lost. */
export function nextWealth(wealth: Wealth, score: number): Wealth {
  if (score === 0) return wealth;
  return wealth.map((log, k) => log + Math.log1p((BETS[k] as number) * score));
}

/**
 * Evidence that windows go against the candidate: the natural logarithm of an e-process against "given the past, the
 * score of the next window is 0 or less in the mean", which holds when the lanes could be exchanged within a window.
 * Bets as in `paired.ts`.
 */
export function logWealth(wealth: Wealth): number {
  for (let k = 0; k < terms.length; k += 1) terms[k] = (wealth[k] as number) + (LOG_WEIGHTS[k] as number);
  return logSumExp(terms);
}
