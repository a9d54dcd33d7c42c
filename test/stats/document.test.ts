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

/** Chance that at most `k` of `n` fail, each with probability `p`. */
function atMost(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let sum = term;
  for (let i = 0; i < k; i += 1) {
    term *= (((n - i) / (i + 1)) * p) / (1 - p);
    sum += term;
  }
  return sum;
}

test('what docs/gates.md says of a fixed rule is what the binomial distribution says', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/gates.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const promotes = (perMinute: number, rate: number) =>
    Math.round(100 * atMost(Math.floor(perMinute / 100), perMinute, rate) ** 10);
  expect(text).toContain(`it promotes ${promotes(1_000, 0.005)} % of the time at 1,000 requests a minute`);
  expect(text).toContain(`and ${promotes(10_000, 0.005)} % of the time at 10,000`);
  expect(text).toContain(`it stops ${100 - promotes(20, 0.001)} % of the time at 20 requests a minute`);
});
