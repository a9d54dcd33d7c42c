/** Chance that an event comes at most `k` times in `n`, each time with chance `p`. */
function atMost(k: number, n: number, p: number): number {
  let log = n * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let i = 0; i < k; i += 1) {
    log += Math.log(((n - i) / (i + 1)) * p) - Math.log1p(-p);
    sum += Math.exp(log);
  }
  return sum;
}

/**
 * The largest chance that is believable after `k` events in `n` runs: upper end of the exact one-sided interval (Clopper &
 * Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial").
 * @param alpha chance that the truth is above
 */
export function upperBound(k: number, n: number, alpha = 0.001): number {
  if (k >= n) return 1;
  let [low, high] = [k / n, 1];
  for (let halving = 0; halving < 50; halving += 1) {
    const middle = (low + high) / 2;
    if (atMost(k, n, middle) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

/** The smallest believable chance: its mirror image. */
export function lowerBound(k: number, n: number, alpha = 0.001): number {
  return 1 - upperBound(n - k, n, alpha);
}

/** The value below which a share of the sorted values lies; the nearest rank above. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
