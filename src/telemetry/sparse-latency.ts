import { eachEncoded } from './histogram.ts';

/** Significant bits of a recorded value: buckets are 1.6 % wide, as in the histograms of the lanes. */
const BITS = 7;

/**
 * Latencies of few requests: a map instead of 10 KiB of counters, because there is one for every class of differences.
 * At most 1,700 buckets between 1 µs and 10 minutes.
 */
export class SparseLatency {
  private readonly buckets = new Map<number, number>();

  /** @param us microseconds; a negative one is none */
  record(us: number): void {
    if (us < 0) return;
    const value = bucketOf(Math.max(1, Math.min(600_000_000, Math.round(us))));
    this.buckets.set(value, (this.buckets.get(value) ?? 0) + 1);
  }

  /** As `encodeHistogram` writes it; '' when empty. */
  encode(): string {
    return encoded(this.buckets);
  }
}

/**
 * Adds up what `encodeHistogram` or {@link SparseLatency} wrote, without a full histogram in between.
 * @throws RangeError when a text was written by neither
 */
export function addSparse(one: string, other: string): string {
  if (one === '' || other === '') return one + other;
  const buckets = new Map<number, number>();
  for (const text of [one, other]) {
    eachEncoded(text, (value, count) => buckets.set(value, (buckets.get(value) ?? 0) + count));
  }
  return encoded(buckets);
}

function encoded(buckets: ReadonlyMap<number, number>): string {
  let previous = 0;
  const sorted = [...buckets].sort(([one], [other]) => one - other);
  return sorted
    .map(([value, count]) => {
      const step = (value - previous).toString(36);
      previous = value;
      return `${step}:${count.toString(36)}`;
    })
    .join(' ');
}

/** The lowest value of its bucket. */
function bucketOf(value: number): number {
  const extra = Math.max(0, 32 - Math.clz32(value) - BITS);
  return (value >>> extra) << extra;
}
