import { BETS, LOG_WEIGHTS, logSumExp } from './bets.ts';
import type { Counts } from './paired.ts';

/** Excess beyond which a window counts no more: so much is an incident, whatever its size. */
const CLIP = 2;

/** Scores a window can have, as halves: -1, -½, 0, ½, 1. */
export const SCORES: readonly number[] = [-1, -0.5, 0, 0.5, 1];

/**
 * Windows by their score, in the order of {@link SCORES}. Requests of one moment fail together: a single incident of one lane
 * would prove anything if every request of it counted. A window counts once.
 */
export type ScoreCounts = readonly [number, number, number, number, number];
export const NO_SCORES: ScoreCounts = [0, 0, 0, 0, 0];

const terms = new Float64Array(BETS.length);

/** The score of one window: its excess of bad pairs, cut off at ±2, over 2. */
export function windowScore({ plus, minus }: Pick<Counts, 'plus' | 'minus'>): number {
  return Math.max(-CLIP, Math.min(CLIP, plus - minus)) / CLIP;
}

/** One window more. */
export function withScore(counts: ScoreCounts, score: number): ScoreCounts {
  const [a, b, c, d, e] = counts;
  const add = (at: number, have: number): number => (SCORES[at] === score ? have + 1 : have);
  return [add(0, a), add(1, b), add(2, c), add(3, d), add(4, e)];
}

/**
 * Evidence that windows go against the candidate more than against legacy: the natural logarithm of an e-process against
 * "given the past, the score of the next window is 0 or less in the mean", which holds when the lanes could be
 * exchanged within a window. Bets as in `paired.ts`; each window multiplies by 1 + bet · score.
 */
export function logAbortWindows(counts: ScoreCounts): number {
  for (let k = 0; k < terms.length; k += 1) {
    const bet = BETS[k] as number;
    let log = LOG_WEIGHTS[k] as number;
    for (let at = 0; at < SCORES.length; at += 1)
      log += (counts[at] as number) * Math.log1p(bet * (SCORES[at] as number));
    terms[k] = log;
  }
  return logSumExp(terms);
}
