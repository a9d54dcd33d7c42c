import { logAbort } from '../../stats/paired.ts';
import type { Counts } from '../../stats/paired.ts';
import type { Direction } from '../../core/snapshot.ts';
import type { PairTally } from './evidence.ts';
import { METRICS } from './types.ts';
import type { Metric } from './types.ts';

const NOTHING: Counts = { n: 0, plus: 0, minus: 0 };

/** What is judged: one metric of one direction, in one region or (null) in all. */
export interface Scope {
  readonly direction: Direction;
  readonly region: string | null;
}

/**
 * The counts of a scope. Where legacy is compared with itself, differences are counted on triples, and what legacy alone
 * shows speaks for the candidate; else there is no `minus` for them: they are judged one-sided, against the share that
 * is tolerated.
 */
export function countsOf(pairs: readonly PairTally[], metric: Metric, { direction, region }: Scope): Counts {
  let { n, plus, minus } = NOTHING;
  for (const tally of pairs) {
    if (tally.direction !== direction || (region !== null && tally.region !== region)) continue;
    const joint = metric === 'errorRate' ? tally.error : (tally.unexplained ?? tally.difference);
    n += joint.n;
    plus += joint.plus;
    if (metric === 'errorRate' || tally.unexplained !== undefined) minus += joint.minus;
  }
  return { n, plus, minus };
}

/** The name of a scope's peak. */
export function peakKey(metric: Metric, { direction, region }: Scope): string {
  return `${metric}\n${direction}\n${region ?? ''}`;
}

/**
 * The running maximum of the evidence against the candidate, looked at when a window ends: an abort that was proven
 * once stays proven (Ville's inequality holds for the maximum).
 */
export function raisePeaks(
  before: Readonly<Record<string, number>>,
  pairs: readonly PairTally[],
  differencesBase: number,
): Record<string, number> {
  const peaks: Record<string, number> = { ...before };
  for (const scope of scopesOf(pairs)) {
    for (const metric of METRICS) {
      const key = peakKey(metric, scope);
      const base = metric === 'errorRate' ? 0 : differencesBase;
      peaks[key] = Math.max(peaks[key] ?? 0, logAbort(countsOf(pairs, metric, scope), base));
    }
  }
  return peaks;
}

function scopesOf(pairs: readonly PairTally[]): Scope[] {
  const seen = new Map<string, Scope>();
  for (const { direction, region } of pairs) {
    seen.set(direction, { direction, region: null });
    seen.set(`${direction}\n${region}`, { direction, region });
  }
  return [...seen.values()];
}
