import type { Counts } from '../../stats/paired.ts';
import type { Direction } from '../../core/snapshot.ts';
import type { Joint } from '../../telemetry/types.ts';
import type { PairTally } from './evidence.ts';
import type { Metric } from './types.ts';

const NOTHING: Counts = { n: 0, plus: 0, minus: 0 };

/** What is judged: one direction, in one region or (null) in all. */
export interface Scope {
  readonly direction: Direction;
  readonly region: string | null;
}

/**
 * The counts of a scope. Where legacy is compared with itself, differences are counted on triples, and what legacy alone
 * shows speaks for the candidate; else there is no `minus` for them: they are judged one-sided, against the share that
 * is tolerated.
 * @param route counts of this one alone
 */
export function countsOf(
  pairs: readonly PairTally[],
  metric: Metric,
  { direction, region }: Scope,
  route: string | null = null,
): Counts {
  let { n, plus, minus } = NOTHING;
  for (const tally of pairs) {
    if (!isWithin(tally, { direction, region })) continue;
    if (route !== null && tally.route !== route) continue;
    const joint = jointOf(tally, metric);
    n += joint.n;
    plus += joint.plus;
    if (!isOneSided(tally, metric)) minus += joint.minus;
  }
  return { n, plus, minus };
}

/** Whether counts of one direction and region belong to a scope. */
export function isWithin(tally: Scope, { direction, region }: Scope): boolean {
  return tally.direction === direction && (region === null || tally.region === region);
}

function jointOf(tally: PairTally, metric: Metric): Joint {
  switch (metric) {
    case 'errorRate':
      return tally.error;
    case 'tail':
      return tally.tail;
    case 'differences':
      return tally.unexplained ?? tally.difference;
  }
}

/** Whether legacy has nothing of its own to be bad at: its answers are what the candidate's are compared with. */
export function isOneSided({ unexplained }: Pick<PairTally, 'unexplained'>, metric: Metric): boolean {
  return metric === 'differences' && unexplained === undefined;
}

/** The name of a scope in the evidence: its direction, and its region or nothing. */
export function scopeKey({ direction, region }: Scope): string {
  return `${direction}\n${region ?? ''}`;
}

/** Every scope that pairs belong to: each direction as a whole, and each of its regions. */
export function scopesOf(pairs: readonly Scope[]): Scope[] {
  const seen = new Map<string, Scope>();
  for (const { direction, region } of pairs) {
    for (const scope of [
      { direction, region: null },
      { direction, region },
    ])
      seen.set(scopeKey(scope), scope);
  }
  return [...seen.values()];
}
