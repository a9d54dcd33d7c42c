import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parsePercentagePoints } from '../../src/core/units.ts';
import { pairsToAdvance } from '../../src/stats/eta.ts';
import { REPOSITORY } from '../kit/shared-data.ts';

const ROW = /^\| ([\d.]+pp) \| ([\d,]+) \(([\d,]+)\) \| (\d+) s \|$/gm;

test('the table of pairs in docs/gates.md is what the code needs', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/gates.md'), 'utf8');
  const rows = [...text.matchAll(ROW)];
  expect(rows).toHaveLength(5);
  for (const [row, margin = '', pairs = '', floor = '', seconds] of rows) {
    const fraction = parsePercentagePoints(margin) ?? Number.NaN;
    const needed = pairsToAdvance({ n: 0, plus: 0, minus: 0 }, fraction, 0.05);
    const least = Math.ceil(Math.log(20) / -Math.log1p(-fraction));
    const said = [pairs, floor].map((number) => Number(number.replaceAll(',', '')));
    expect([...said, Number(seconds)], row).toEqual([needed, least, Math.round((needed ?? 0) / 50)]);
  }
});
