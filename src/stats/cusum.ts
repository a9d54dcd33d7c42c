import { BETS } from './bets.ts';
import type { Wealth } from './window-score.ts';

/** Before the first window nobody has bet: the alarm is as far away as it can be. */
export const NO_CUSUM: Wealth = BETS.map(() => -Infinity);

/**
 * One window more of the wealth since each bet last began anew: M ← max(M, 1) · (1 + bet · score) (Shin, Ramdas & Rinaldo
 * 2023, "E-detectors: a nonparametric framework for sequential change detection", e-CUSUM). What was good for weeks must
 * not pay for what is bad today. Where its mixture (`logWealth`) reaches A, that came, while nothing is wrong, after A
 * windows or more in the mean.
 * @param score of `window-score.ts`, -1 to 1
 */
export function nextCusum(wealth: Wealth, score: number): Wealth {
  if (score === 0 && wealth.every((log) => log >= 0)) return wealth;
  return wealth.map((log, k) => Math.max(log, 0) + Math.log1p((BETS[k] as number) * score));
}
