import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../kit/shared-data.ts';
import { runOnce } from './experiments.ts';
import { partsOf, withParts } from './render.ts';
import { readTables } from './table-data.ts';
import { tableCells } from './tables.ts';

const TIMEOUT_MS = 240_000;
/** Runs that are longer than this are not made again. */
const MOST_WINDOWS = 1_200;

test.each(['docs/gates.md', 'README.md'])('the tables in %s are those that were run', (name) => {
  const text = readFileSync(join(REPOSITORY, name), 'utf8');
  const parts = partsOf(readTables());
  expect(text).toContain('<!-- montecarlo:comparison');
  expect(text, 'run npm run montecarlo:tables -- --render').toBe(withParts(text, parts));
});

test('docs/gates.md shows every table', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/gates.md'), 'utf8');
  const missing = Object.keys(partsOf(readTables())).filter(
    (part) => part !== 'comparison-summary' && !text.includes(`<!-- /montecarlo:${part} -->`),
  );
  expect(missing).toEqual([]);
});

test(
  'the tables were made by the rule that ships: the first run of every cell ends now as it did then',
  () => {
    const { seed, cells } = readTables();
    const asked = tableCells();
    expect(Object.keys(cells)).toEqual(asked.map(({ id }) => id));
    const changed = asked.flatMap((cell) => {
      const { first, reps } = cells[cell.id] ?? { first: ['none', 0], reps: 0 };
      if (reps !== cell.reps) return [`${cell.id}: ${reps} runs instead of ${cell.reps}`];
      if (first[1] > MOST_WINDOWS) return [];
      const { verdict, windows } = runOnce(cell, seed, 0);
      return verdict === first[0] && windows === first[1] ? [] : [`${cell.id}: ${verdict} ${windows}`];
    });
    expect(changed, 'the rule changed: run npm run montecarlo:tables').toEqual([]);
  },
  TIMEOUT_MS,
);
