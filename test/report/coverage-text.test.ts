import { expect, test } from 'vitest';
import type { StatusGate } from '../../src/control/schema/gate.ts';
import { coverageLine, restsOn } from '../../src/report/coverage-text.ts';

type Row = StatusGate['coverage'][number];

function row(methods: Row['methods'], by: Row['by'], share: number, rest: Partial<Row> = {}): Row {
  return { route: 'api', critical: false, methods, requests: 100, share, pairs: 0, by, ...rest };
}

test('says in one line what the evidence speaks for, by kind of method and proof', () => {
  const rows = [
    row('read', 'pairs', 0.5),
    row('read', 'pairs', 0.33, { route: 'shop' }),
    row('write', 'cohort', 0.12),
    row('write', 'unproven', 0.05, { route: 'shop' }),
  ];
  expect(coverageLine(rows)).toBe('reads 83.00% by pairs, writes 12.00% by cohort, 5.00% unproven');
});

test('says nothing about routes that nobody asked', () => {
  expect(coverageLine([row('read', 'unproven', 0, { requests: 0 })])).toBe('');
});

test('names the users beside the pairs that a row rests on', () => {
  expect(restsOn(row('write', 'cohort', 0.1, { users: 1_810 }))).toBe('no pairs, 1,810 users of the cohorts');
  expect(restsOn(row('read', 'pairs', 0.1, { pairs: 1 }))).toBe('1 pair');
});
