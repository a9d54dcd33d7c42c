import type { Chances } from './worlds.ts';

/** Steps of Simpson's rule and how far out it goes, in standard deviations: digits beyond the eighth do not matter here. */
const STEPS = 200;
const FAR = 9;

/** Chance that a standard normal number is above `z`. */
export function above(z: number): number {
  return z < 0 ? 1 - above(-z) : integrate(density, z);
}

/** Chance that the first of two standard normal numbers with this correlation is above `x` and the second is not above `y`. */
function onlyFirst(x: number, y: number, correlation: number): number {
  const rest = Math.sqrt(1 - correlation ** 2);
  return integrate((z) => density(z) * (1 - above((y - correlation * z) / rest)), x);
}

function density(z: number): number {
  return Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
}

function integrate(f: (z: number) => number, from: number): number {
  const to = Math.max(FAR, from + 1);
  const step = (to - from) / STEPS;
  let sum = f(from) + f(to);
  for (let k = 1; k < STEPS; k += 1) sum += (k % 2 === 1 ? 4 : 2) * f(from + k * step);
  return (sum * step) / 3;
}

/** Standard normal number that a hundredth is above. */
export const Z_99 = 2.3263478740408408;

/** Service times are log-normal: the usual spread of a web service, and legacy's p99. */
export const SPREAD = 0.6;
export const LEGACY_P99_MS = 400;

/**
 * Chances of one pair that only the candidate, and only legacy, is beyond legacy's p99.
 * @param factor the candidate's times over legacy's
 * @param correlation of the logarithms of both times
 */
export function tailOf(factor: number, correlation: number): Chances {
  const z = Z_99 - Math.log(factor) / SPREAD;
  return { plus: onlyFirst(z, Z_99, correlation), minus: onlyFirst(Z_99, z, correlation) };
}

/** Chance of an answer of the candidate to take longer than `ms`. */
export function slowerThan(ms: number, factor: number): number {
  return above(Z_99 + Math.log(ms / (LEGACY_P99_MS * factor)) / SPREAD);
}
