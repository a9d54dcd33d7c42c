import { expect, test } from 'vitest';
import { diceOf } from './dice.ts';

/** ln of the chance of `k` of `n`, by its definition. */
function logChance(n: number, p: number, k: number): number {
  let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
  for (let i = 1; i <= k; i += 1) log += Math.log((n - k + i) / i);
  return log;
}

/** Pearson's distance of what was drawn from what was to be expected, in standard deviations above its mean. */
function distance(counts: ReadonlyMap<number, number>, draws: number, n: number, p: number): number {
  let [chi, cells, inside] = [0, 0, 0];
  for (let k = 0; k <= n; k += 1) {
    const expected = draws * Math.exp(logChance(n, p, k));
    if (expected < 5) continue;
    chi += ((counts.get(k) ?? 0) - expected) ** 2 / expected;
    cells += 1;
    inside += expected;
  }
  expect(inside / draws).toBeGreaterThan(0.99);
  return (chi - cells) / Math.sqrt(2 * cells);
}

test.each([
  [1, 0.3],
  [20, 0.01],
  [500, 0.002],
  [500, 0.015],
  [60, 0.3],
  [500, 0.03],
  [500, 0.7],
  [5_000, 0.2],
])('draws how many of %d happen with chance %d as the binomial distribution says', (n, p) => {
  const dice = diceOf(7, n);
  const counts = new Map<number, number>();
  const draws = 100_000;
  let [sum, squares] = [0, 0];
  for (let draw = 0; draw < draws; draw += 1) {
    const k = dice.binomial(n, p);
    counts.set(k, (counts.get(k) ?? 0) + 1);
    sum += k;
    squares += k * k;
  }
  const [mean, variance] = [n * p, n * p * (1 - p)];
  const seen = sum / draws;
  expect(Math.abs(seen - mean) / Math.sqrt(variance / draws)).toBeLessThan(4);
  expect((squares / draws - seen * seen) / variance).toBeCloseTo(1, 1);
  expect(distance(counts, draws, n, p)).toBeLessThan(4);
});

test('draws nothing of nothing, and all of what is certain', () => {
  const dice = diceOf(1);
  expect([dice.binomial(0, 0.5), dice.binomial(9, 0), dice.binomial(9, 1)]).toEqual([0, 0, 9]);
});

test('repeats itself for the same words, and has nothing in common with its neighbours', () => {
  const first = (...words: number[]) => {
    const dice = diceOf(...words);
    return Array.from({ length: 4 }, () => dice.uniform());
  };
  expect(first(1, 2)).toEqual(first(1, 2));
  const all = [first(1, 2), first(2, 1), first(1, 3), first(1), first(0), first(1, 2, 0)].flat();
  expect(new Set(all).size).toBe(all.length);
  const firsts = Array.from({ length: 20_000 }, (_, run) => diceOf(5, run).uniform());
  const mean = firsts.reduce((sum, each) => sum + each, 0) / firsts.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * firsts.length));
});

test('draws normal numbers with the moments of the normal distribution', () => {
  const dice = diceOf(3);
  const draws = Array.from({ length: 100_000 }, () => dice.normal());
  const moment = (power: number) => draws.reduce((sum, z) => sum + z ** power, 0) / draws.length;
  expect(moment(1)).toBeCloseTo(0, 1);
  expect(moment(2)).toBeCloseTo(1, 1);
  expect(moment(4)).toBeCloseTo(3, 0);
  const beyond = draws.filter((z) => z > 2.326).length / draws.length;
  expect(Math.abs(beyond - 0.01)).toBeLessThan(4 * Math.sqrt(0.0099 / draws.length));
});
