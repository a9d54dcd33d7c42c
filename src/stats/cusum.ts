import { BETS, LOG_WEIGHTS, logSumExp } from './bets.ts';

/**
 * Wealth of each bet since it last began anew, as natural logarithms. What was good for weeks must not pay for what is bad
 * today: a bet that has lost begins again with what it had at first.
 */
export type CusumState = readonly number[];

/** Before the first window nobody has bet: the alarm is as far away as it can be. */
export const NO_CUSUM: CusumState = BETS.map(() => -Infinity);

/**
 * One window more: M ← max(M, 1) · (1 + bet · score) for each bet (Shin, Ramdas & Rinaldo 2023, "E-detectors: a
 * nonparametric framework for sequential change detection", e-CUSUM).
 * @param score of `window-score.ts`, -1 to 1
 */
export function nextCusum(state: CusumState, score: number): CusumState {
  return state.map((log, k) => Math.max(log, 0) + Math.log1p((BETS[k] as number) * score));
}

/**
 * ln Σ w·M. An alarm at ln A or more comes, while nothing is wrong, after A windows or more in the mean.
 * @returns -Infinity before the first window
 */
export function logCusum(state: CusumState): number {
  return logSumExp(state.map((log, k) => log + (LOG_WEIGHTS[k] as number)));
}
