// HOT: one walk over a dozen bounds per record; nothing is allocated.

/** How often a duration fell under each bound. Plain data. */
export interface DurationCounts {
  /** Not cumulative: one for each bound, and one for what is longer than all of them. */
  readonly counts: readonly number[];
  readonly sumUs: number;
}

/** Counts durations under fixed bounds: a few numbers where a histogram with quantiles would be ten kilobytes. */
export class Durations implements DurationCounts {
  readonly counts: number[];
  sumUs = 0;
  private readonly boundsS: readonly number[];

  /** @param boundsS upper bounds, seconds, rising */
  constructor(boundsS: readonly number[]) {
    this.boundsS = boundsS;
    this.counts = [...boundsS.map(() => 0), 0];
  }

  record(us: number): void {
    const seconds = us / 1_000_000;
    let index = 0;
    while (index < this.boundsS.length && seconds > (this.boundsS[index] as number)) index += 1;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sumUs += us;
  }

  plain(): DurationCounts {
    return { counts: this.counts.slice(), sumUs: this.sumUs };
  }
}

/** Up to each bound, and last of all: as an exposition wants it. */
export function cumulative({ counts }: DurationCounts): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count));
}
