/** One look at a process group. */
export interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

/** How much may be gained over the time that is judged; less is noise of collectors, caches and pools. */
export interface TrendBounds {
  /** Of all processes together. */
  readonly rssBytes: number;
  readonly descriptors: number;
}

/** Samples are judged by the medians of so many slices of time, so that single peaks say nothing. */
const SLICES = 12;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Median of each slice of time, at the slice's number; slices without a sample are left out. */
function slices(samples: readonly Sample[], value: (sample: Sample) => number): [number, number][] {
  const fromMs = samples[0]?.atMs ?? 0;
  const spanMs = Math.max(1, (samples.at(-1)?.atMs ?? 0) - fromMs);
  const groups = Array.from({ length: SLICES }, (): number[] => []);
  for (const sample of samples) {
    const slice = Math.min(SLICES - 1, Math.floor(((sample.atMs - fromMs) / spanMs) * SLICES));
    groups[slice]?.push(value(sample));
  }
  return groups.flatMap((group, index): [number, number][] =>
    group.length === 0 ? [] : [[index, median(group)]],
  );
}

/**
 * What a value gains over the whole span of the samples, by the slope of Theil and Sen: the median of the slopes
 * between all pairs of slices, which a quarter of outliers does not move.
 */
export function gain(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const points = slices(samples, value);
  const slopes: number[] = [];
  for (const [index, [x, y]] of points.entries()) {
    for (const [laterX, laterY] of points.slice(index + 1)) slopes.push((laterY - y) / (laterX - x));
  }
  return median(slopes) * (SLICES - 1);
}

/** What is not flat, in words; empty when everything is. */
export function trendProblems(samples: readonly Sample[], bounds: TrendBounds): string[] {
  const problems: string[] = [];
  const rss = gain(samples, (sample) => sample.rssBytes);
  const descriptors = gain(samples, (sample) => sample.descriptors);
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (rss > bounds.rssBytes) {
    problems.push(`resident memory grew by ${mib(rss)}, more than ${mib(bounds.rssBytes)}`);
  }
  if (descriptors > bounds.descriptors) {
    problems.push(`descriptors grew by ${descriptors.toFixed(1)}, more than ${bounds.descriptors}`);
  }
  return problems;
}
