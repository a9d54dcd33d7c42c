import type { Evidence } from './evidence.ts';
import type { MethodClass } from '../../telemetry/cohort-types.ts';
import type { CoverageRow } from './types.ts';

interface Sums {
  requests: number;
  pairs: number;
}

type Row = Readonly<Record<MethodClass, Sums>>;

/** What coverage is looked at for. */
export interface CoverageOf {
  /** One region only, or null for all. */
  readonly region: string | null;
  /** Routes that must be proven by themselves: they are listed without any traffic, too. */
  readonly critical: readonly string[];
  /** Pairs from which on a row counts as covered. */
  readonly minPairs: number;
}

/** How much of the traffic the evidence speaks for, by route and method class. */
export function coverageOf(evidence: Evidence, asked: CoverageOf): CoverageRow[] {
  const rows = sumsOf(evidence, asked);
  const total = [...rows.values()].reduce((sum, { read, write }) => sum + read.requests + write.requests, 0);
  return [...rows].flatMap(([route, row]) =>
    (['read', 'write'] as const).flatMap((methods) => {
      const { requests, pairs } = row[methods];
      const critical = asked.critical.includes(route);
      const expected = critical && methods === 'read' && row.write.requests === 0;
      if (requests === 0 && pairs === 0 && !expected) return [];
      const by = pairs >= asked.minPairs ? 'pairs' : 'unproven';
      const share = requests / Math.max(1, total);
      return [{ route, critical, methods, requests, share, pairs, by } as const];
    }),
  );
}

function sumsOf(evidence: Evidence, { region, critical }: CoverageOf): Map<string, Row> {
  const rows = new Map<string, Row>();
  const rowOf = (route: string): Row => {
    const row = rows.get(route) ?? { read: { requests: 0, pairs: 0 }, write: { requests: 0, pairs: 0 } };
    rows.set(route, row);
    return row;
  };
  const here = (tally: { readonly region: string }): boolean => region === null || tally.region === region;
  for (const route of critical) rowOf(route);
  for (const { route, requests, writes } of evidence.requests.filter(here)) {
    rowOf(route).read.requests += requests - writes;
    rowOf(route).write.requests += writes;
  }
  for (const { route, error, writePairs } of evidence.pairs.filter(here)) {
    rowOf(route).read.pairs += error.n - writePairs;
    rowOf(route).write.pairs += writePairs;
  }
  return rows;
}
