import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pairsToAdvance } from '../../src/stats/eta.ts';
import { excessInterval } from '../../src/stats/interval.ts';
import { logAbort, logAdvance } from '../../src/stats/paired.ts';
import type { Counts } from '../../src/stats/paired.ts';

interface Golden {
  readonly paired: readonly (Counts & { delta: number; logE_advance: number; logE_abort: number })[];
  readonly ci: readonly (Counts & { alphaEachSide: number; lower: number; upper: number; point: number })[];
  readonly firstPassNoDiscordance: readonly {
    delta: number;
    alpha: number;
    n: number;
    theoreticalFloor: number;
  }[];
}

const url = new URL('../fixtures/gates/golden.json', import.meta.url);
const golden = JSON.parse(readFileSync(url, 'utf8')) as Golden;

/** Digits after the point that `toBeCloseTo` compares: 0.5e-9. */
const DIGITS = 9;

test('agrees with every reference value of the evidence to nine digits', () => {
  expect(golden.paired).toHaveLength(44);
  for (const row of golden.paired) {
    expect(logAdvance(row, row.delta), JSON.stringify(row)).toBeCloseTo(row.logE_advance, DIGITS);
    expect(logAbort(row, row.delta), JSON.stringify(row)).toBeCloseTo(row.logE_abort, DIGITS);
  }
});

test('agrees with every reference interval to nine digits', () => {
  expect(golden.ci).toHaveLength(5);
  for (const row of golden.ci) {
    const [low, high] = excessInterval(row, 2 * row.alphaEachSide) as readonly [number, number];
    expect(low, JSON.stringify(row)).toBeCloseTo(row.lower, DIGITS);
    expect(high, JSON.stringify(row)).toBeCloseTo(row.upper, DIGITS);
    expect(low).toBeLessThan(row.point);
    expect(high).toBeGreaterThan(row.point);
  }
});

test('needs exactly the reference number of pairs when no pair differs, from whatever number it is asked', () => {
  expect(golden.firstPassNoDiscordance).toHaveLength(10);
  for (const { delta, alpha, n, theoreticalFloor } of golden.firstPassNoDiscordance) {
    for (const seen of [0, 1, theoreticalFloor, n - 1]) {
      expect(pairsToAdvance({ n: seen, plus: 0, minus: 0 }, delta, alpha)).toBe(n - seen);
    }
    expect(pairsToAdvance({ n, plus: 0, minus: 0 }, delta, alpha)).toBe(0);
    expect(n).toBeGreaterThan(theoreticalFloor);
  }
});
