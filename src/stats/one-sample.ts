import { logAbort, logAdvance } from './paired.ts';

/**
 * Evidence that something happens less often than `rate`: the natural logarithm of an e-process against "its chance is
 * `rate` or more, whatever happened before". It is the paired test of a lane against one that is never bad.
 * @param n units seen @param bad how many of them @param rate a fraction
 */
export function logRarerThan(n: number, bad: number, rate: number): number {
  return logAdvance({ n, plus: bad, minus: 0 }, rate);
}

/** Evidence that something happens more often than `rate`; see {@link logRarerThan}. */
export function logMoreOftenThan(n: number, bad: number, rate: number): number {
  return logAbort({ n, plus: bad, minus: 0 }, rate);
}
