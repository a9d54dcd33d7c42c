/** A value with its 95 % interval; the bounds are null where one value is all there is. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Independent values: fresh processes or pairs of windows. */
  readonly n: number;
}

/** Student's t, 97.5 %, for 1 to 30 degrees of freedom; beyond that the normal 1.96 is close enough. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value; the mean of both where there are two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const half = Math.floor(sorted.length / 2);
  const high = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[half - 1] ?? Number.NaN)) / 2;
}

/**
 * The median, and a t interval around the mean of the logarithms: what is compared here are ratios, and a process
 * that is 10 % faster is as far from the middle as one that is 10 % slower. The interval is stretched to hold the
 * median where an outlier has pulled it away.
 * @param values positive, independent of each other; null when there are none
 */
export function estimate(values: readonly number[]): Estimate | null {
  const logs = values.filter((value) => value > 0 && Number.isFinite(value)).map(Math.log);
  const n = logs.length;
  if (n === 0) return null;
  const middle = median(logs);
  if (n === 1) return { value: Math.exp(middle), low: null, high: null, n };
  const center = mean(logs);
  const variance = logs.reduce((sum, log) => sum + (log - center) ** 2, 0) / (n - 1);
  const half = (T_975[n - 2] ?? 1.96) * Math.sqrt(variance / n);
  const low = Math.min(middle, center - half);
  const high = Math.max(middle, center + half);
  return { value: Math.exp(middle), low: Math.exp(low), high: Math.exp(high), n };
}
