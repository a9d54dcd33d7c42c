import { logBeta } from './log-beta.ts';

/** Halvings of a span below 1: what is left is below one rank of any sample. */
const HALVINGS = 60;
/** Samples at which the interval is narrowest, relative to what is possible. */
const OPTIMAL_SAMPLES = 20_000;

/** Ranks, from 1, between whose values a quantile lies; null: it may be beyond everything seen on that side. */
export interface RankInterval {
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Where a quantile lies, as ranks of the sample: a confidence sequence, so that it may be read after every sample. No
 * distribution is assumed. Howard & Ramdas 2022, "Sequential estimation of quantiles with applications to A/B
 * testing and best-arm identification", with the two-sided beta-binomial mixture of Howard, Ramdas, McAuliffe & Sekhon
 * 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences".
 * @param samples how many were seen @param quantile 0.99, say @param alpha chance that it is ever wrong
 */
export function quantileRanks(samples: number, quantile: number, alpha: number): RankInterval {
  const [low, high] = quantileShares(samples, quantile, alpha);
  const below = Math.floor(samples * low);
  return { low: below === 0 ? null : below, high: high >= 1 ? null : Math.ceil(samples * high) };
}

/** The same as fractions of the sample: the furthest from `quantile` that are not refuted. */
export function quantileShares(
  samples: number,
  quantile: number,
  alpha: number,
): readonly [low: number, high: number] {
  const enough = Math.log(1 / alpha);
  const spread = quantile * (1 - quantile);
  const mixture = betaBinomial(quantile, 1 - quantile, spread * OPTIMAL_SAMPLES, alpha);
  const refuted = (share: number): boolean =>
    mixture((share - quantile) * samples, spread * samples) >= enough;
  return [furthest(quantile, 0, refuted), furthest(quantile, 1, refuted)];
}

function furthest(from: number, to: number, refuted: (share: number) => boolean): number {
  if (!refuted(to)) return to;
  let [open, closed] = [from, to];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (open + closed) / 2;
    if (refuted(middle)) closed = middle;
    else open = middle;
  }
  return closed;
}

/**
 * ln of the two-sided beta-binomial mixture supermartingale for steps between -g and h (Howard et al. 2021,
 * proposition 7): of a sum and its variance.
 * @param optimalVariance where the boundary is tightest
 */
export function betaBinomial(
  g: number,
  h: number,
  optimalVariance: number,
  alpha: number,
): (sum: number, variance: number) => number {
  const gh = g * h;
  const r = Math.max(bestRho(optimalVariance, alpha) - gh, gh / 1_000);
  const normal = logBeta(r / (g * (g + h)), r / (h * (g + h)));
  return (sum, variance) => {
    const [down, up] = [variance - g * sum, variance + h * sum];
    if (r + down <= 0 || r + up <= 0) return Infinity;
    return (
      (variance / gh) * Math.log(g + h) -
      (up / (h * (g + h))) * Math.log(g) -
      (down / (g * (g + h))) * Math.log(h) +
      logBeta((r + down) / (g * (g + h)), (r + up) / (h * (g + h))) -
      normal
    );
  };
}

/** The mixture's scale that is best at a variance (the same, section 3.5). */
export function bestRho(variance: number, alpha: number): number {
  const log = 2 * Math.log(1 / alpha);
  return variance / (log + Math.log(1 + log));
}
