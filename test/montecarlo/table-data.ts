import { readFileSync, writeFileSync } from 'node:fs';
import { quantile } from './bounds.ts';
import type { Outcome } from './simulate.ts';

/** What the runs of one cell came to; windows and pairs until a decision, of those that were decided. */
export interface CellResult {
  readonly reps: number;
  readonly ready: number;
  readonly abort: number;
  readonly none: number;
  /** Windows of a run at which half, and nine of ten, of all runs are decided; null: fewer ever are. */
  readonly median: number | null;
  readonly most: number | null;
  /** The first run: what shows that another rule made the table. */
  readonly first: readonly [verdict: Outcome['verdict'], windows: number];
}

/** All tables, as they were run. */
export interface TableData {
  readonly seed: number;
  readonly cells: Readonly<Record<string, CellResult>>;
}

const FILE = new URL('./tables.json', import.meta.url);

export function readTables(): TableData {
  return JSON.parse(readFileSync(FILE, 'utf8')) as TableData;
}

/** One line for each cell, so that a change of one is a change of one line. */
export function writeTables({ seed, cells }: TableData): void {
  const lines = Object.entries(cells).map(
    ([id, cell]) => `    ${JSON.stringify(id)}: ${JSON.stringify(cell)}`,
  );
  writeFileSync(FILE, `{\n  "seed": ${seed},\n  "cells": {\n${lines.join(',\n')}\n  }\n}\n`);
}

/** Sums up the runs of a cell, given in their order. */
export function summed(outcomes: readonly Outcome[]): CellResult {
  const of = (verdict: Outcome['verdict']) => outcomes.filter((each) => each.verdict === verdict).length;
  const windows = outcomes
    .map((each) => (each.verdict === 'none' ? Infinity : each.windows))
    .toSorted((one, other) => one - other);
  const at = (share: number): number | null => {
    const value = quantile(windows, share);
    return Number.isFinite(value) ? value : null;
  };
  const first = outcomes[0];
  if (first === undefined) throw new Error('a cell without runs');
  return {
    reps: outcomes.length,
    ready: of('ready'),
    abort: of('abort'),
    none: of('none'),
    median: at(0.5),
    most: at(0.9),
    first: [first.verdict, first.windows],
  };
}
