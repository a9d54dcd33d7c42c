import type { StatusGate } from '../control/schema/gate.ts';
import { count, percent } from './figures.ts';

type Row = StatusGate['coverage'][number];

const METHODS = ['read', 'write'] as const;
const PROOFS = [
  ['pairs', 'by pairs'],
  ['cohort', 'by cohort'],
  ['unproven', 'unproven'],
] as const;

/**
 * How much of the traffic goes to routes that the evidence speaks for, in one line: `reads 83.00% by pairs, writes 12.00% by
 * cohort, 5.00% unproven`. Empty without requests.
 */
export function coverageLine(rows: readonly Row[]): string {
  const parts = METHODS.flatMap((methods) => {
    const shares = PROOFS.flatMap(([by, said]) => {
      const same = rows.filter((row) => row.methods === methods && row.by === by && row.requests > 0);
      const share = same.reduce((sum, row) => sum + row.share, 0);
      return same.length === 0 ? [] : [`${percent(share)} ${said}`];
    });
    return shares.length === 0 ? [] : [`${methods}s ${shares.join(', ')}`];
  });
  return parts.join(', ');
}

/** What a row rests on: `12,004 pairs`, `no pairs, 810 users of the cohorts`. */
export function restsOn({ pairs, users = 0 }: Row): string {
  const paired = pairs === 0 ? 'no pairs' : `${count(pairs)} ${pairs === 1 ? 'pair' : 'pairs'}`;
  return users === 0 ? paired : `${paired}, ${count(users)} users of the cohorts`;
}
