import { quantileRanks } from '../stats/quantile.ts';
import { addEncoded, newHistogram } from './histogram.ts';
import type { LatencyHistogram } from './histogram.ts';

/** Where a quantile lies, microseconds; null: too few samples bound it on that side. */
export interface QuantileBounds {
  readonly lowUs: number | null;
  readonly highUs: number | null;
}

/**
 * Where a quantile of encoded histograms lies, however often it is looked at (`stats/quantile.ts`), rounded outwards to
 * the bounds of the buckets.
 * @param quantile 0.99, say @param alpha chance that it is ever wrong
 */
export function boundsOfQuantile(
  encoded: readonly string[],
  quantile: number,
  alpha: number,
): QuantileBounds {
  const sum = newHistogram();
  for (const text of encoded) addEncoded(sum, text);
  if (sum.totalCount === 0) return { lowUs: null, highUs: null };
  const { low, high } = quantileRanks(sum.totalCount, quantile, alpha);
  return {
    lowUs: low === null ? null : sum.lowestEquivalentValue(valueAtRank(sum, low)),
    highUs: high === null ? null : sum.highestEquivalentValue(valueAtRank(sum, high)),
  };
}

function valueAtRank(histogram: LatencyHistogram, rank: number): number {
  let seen = 0;
  const last = histogram.countsArrayIndex(histogram.maxValue);
  for (let index = histogram.countsArrayIndex(histogram.minNonZeroValue); index <= last; index += 1) {
    seen += histogram.getCountAtIndex(index);
    if (seen >= rank) return histogram.valueFromIndex(index);
  }
  return histogram.maxValue;
}
