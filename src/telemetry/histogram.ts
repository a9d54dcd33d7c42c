import { createRequire } from 'node:module';
import type { Int32Histogram as Histogram } from 'hdr-histogram-js';

// The one class that is needed: the package's index also brings its WebAssembly build, 14 MB of every process.
const { default: Int32Histogram } = createRequire(import.meta.url)(
  'hdr-histogram-js/dist/Int32Histogram.js',
) as { default: typeof Histogram };

/** An HDR histogram of microseconds: two significant digits between 1 µs and 10 minutes, about 10 KiB. */
export type LatencyHistogram = Histogram;

const LOWEST_US = 1;
const HIGHEST_US = 600_000_000;
const DIGITS = 2;

/** An empty histogram. */
export function newHistogram(): LatencyHistogram {
  return new Int32Histogram(LOWEST_US, HIGHEST_US, DIGITS);
}

/** Records one duration; what is out of range counts at the nearest end, so that no sample is lost. */
export function recordUs(histogram: LatencyHistogram, us: number): void {
  histogram.recordValue(us < LOWEST_US ? LOWEST_US : us > HIGHEST_US ? HIGHEST_US : Math.round(us));
}

/**
 * The recorded values as text: `value:count` in base 36, joined by spaces, values as differences to the one
 * before; '' when empty. About 5 characters a bucket, 0.05 ms; the library's own compressed form takes
 * 0.25 ms, which a worker with fifty histograms would feel as a stall every second.
 */
export function encodeHistogram(histogram: LatencyHistogram): string {
  if (histogram.totalCount === 0) return '';
  let text = '';
  let previous = 0;
  const last = histogram.countsArrayIndex(histogram.maxValue);
  for (let index = histogram.countsArrayIndex(histogram.minNonZeroValue); index <= last; index += 1) {
    const count = histogram.getCountAtIndex(index);
    if (count === 0) continue;
    const value = histogram.valueFromIndex(index);
    text += `${text === '' ? '' : ' '}${(value - previous).toString(36)}:${count.toString(36)}`;
    previous = value;
  }
  return text;
}

/**
 * Adds encoded values to a histogram: buckets are added, percentiles never averaged.
 * @throws RangeError when the text was not written by {@link encodeHistogram}
 */
export function addEncoded(histogram: LatencyHistogram, encoded: string): void {
  eachEncoded(encoded, (value, count) => histogram.recordValueWithCount(value, count));
}

/**
 * Goes through what {@link encodeHistogram} wrote.
 * @throws RangeError when the text was not written by it
 */
export function eachEncoded(encoded: string, each: (value: number, count: number) => void): void {
  if (encoded === '') return;
  let value = 0;
  for (const item of encoded.split(' ')) {
    const colon = item.indexOf(':');
    value += Number.parseInt(item.slice(0, colon), 36);
    const count = Number.parseInt(item.slice(colon + 1), 36);
    if (!(colon > 0 && value >= 0 && value <= HIGHEST_US && count > 0)) {
      throw new RangeError(`not an encoded histogram: ${item.slice(0, 32)}`);
    }
    each(value, count);
  }
}

/**
 * Encoded histograms as one with few buckets, and their sum; both within the precision of two digits.
 * @param boundsUs upper bounds, rising
 * @returns samples up to each bound, and last of all of them
 */
export function bucketsOf(
  encoded: readonly string[],
  boundsUs: readonly number[],
): { readonly counts: number[]; readonly sumUs: number } {
  const counts = [...boundsUs.map(() => 0), 0];
  let sumUs = 0;
  for (const text of encoded) {
    eachEncoded(text, (value, count) => {
      sumUs += value * count;
      const bound = boundsUs.findIndex((each) => value <= each);
      const index = bound === -1 ? boundsUs.length : bound;
      counts[index] = (counts[index] ?? 0) + count;
    });
  }
  for (let index = 1; index < counts.length; index += 1)
    counts[index] = (counts[index] ?? 0) + (counts[index - 1] ?? 0);
  return { counts, sumUs };
}

/** The sum of encoded histograms, encoded. */
export function mergeEncoded(encoded: readonly string[]): string {
  const filled = encoded.filter((text) => text !== '');
  if (filled.length <= 1) return filled[0] ?? '';
  const sum = newHistogram();
  for (const text of filled) addEncoded(sum, text);
  return encodeHistogram(sum);
}

/** Quantiles in microseconds; null where the samples beyond it are fewer than ten, so that no noise is shown. */
export interface LatencySummary {
  readonly samples: number;
  readonly p50Us: number | null;
  readonly p90Us: number | null;
  readonly p99Us: number | null;
  readonly p999Us: number | null;
}

const SAMPLES_BEYOND = 10;

/** Samples from which on a p99 is known: enough lie beyond it. */
export const P99_SAMPLES = 100 * SAMPLES_BEYOND;

/** Summarises encoded histograms as one. */
export function summariseLatency(encoded: readonly string[]): LatencySummary {
  const sum = newHistogram();
  for (const text of encoded) addEncoded(sum, text);
  const samples = sum.totalCount;
  const quantile = (percent: number): number | null =>
    samples * (1 - percent / 100) >= SAMPLES_BEYOND - 1e-9 ? sum.getValueAtPercentile(percent) : null;
  return { samples, p50Us: quantile(50), p90Us: quantile(90), p99Us: quantile(99), p999Us: quantile(99.9) };
}
