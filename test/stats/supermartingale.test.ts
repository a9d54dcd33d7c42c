import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BETS } from '../../src/stats/bets.ts';
import { NO_CUSUM, nextCusum } from '../../src/stats/cusum.ts';
import { logMoreOftenThan, logRarerThan } from '../../src/stats/one-sample.ts';
import { logSkew } from '../../src/stats/sampling-skew.ts';
import { logAbortUnpaired, logAdvanceUnpaired } from '../../src/stats/unpaired.ts';
import { NO_WEALTH, baseScore, logWealth, nextWealth, windowScore } from '../../src/stats/window-score.ts';
import type { Wealth } from '../../src/stats/window-score.ts';

// What makes every promise true: nothing that is bet wins in the mean while nothing is wrong. Sums over all outcomes, no
// simulation.
const ROUNDING = 1e-9;
const chance = fc.double({ min: 0, max: 1, noNaN: true });
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const weights = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 2, maxLength: 12 });

/** Chances that add up to 1. */
function normalised(all: readonly number[]): number[] {
  const sum = all.reduce((total, each) => total + each, 0);
  return all.map((each) => each / sum);
}

/** Mean of what each bet multiplies by, over the scores of a window. */
function meanFactors(
  next: (score: number) => Wealth,
  chances: readonly number[],
  scores: readonly number[],
): number[] {
  return BETS.map((_, k) =>
    chances.reduce((sum, each, at) => sum + each * Math.exp(next(scores[at] as number)[k] as number), 0),
  );
}

test('has no evidence in any engine before the first unit', () => {
  const nothing = { n: 0, candidateBad: 0, legacyBad: 0 };
  expect(logAdvanceUnpaired(nothing, 0.5, 0.001)).toBeCloseTo(0, 12);
  expect(logAbortUnpaired(nothing, 0.5, 0)).toBeCloseTo(0, 12);
  expect(logRarerThan(0, 0, 0.01)).toBeCloseTo(0, 12);
  expect(logMoreOftenThan(0, 0, 0.01)).toBeCloseTo(0, 12);
  expect(logWealth(NO_WEALTH)).toBeCloseTo(0, 12);
  expect(logWealth(NO_CUSUM)).toBe(-Infinity);
});

test('lets no bet against randomised arms win in the mean while the difference is at the base or below', () => {
  fc.assert(
    fc.property(
      chance,
      chance,
      fc.double({ min: 0, max: 0.3, noNaN: true }),
      share,
      (legacy, part, base, rho) => {
        const candidate = Math.min(1, legacy + base) * part;
        const one = (candidateBad: number, legacyBad: number): number =>
          Math.exp(logAbortUnpaired({ n: 1, candidateBad, legacyBad }, rho, base));
        const bad = rho * candidate * one(1, 0) + (1 - rho) * legacy * one(0, 1);
        const good = (1 - rho * candidate - (1 - rho) * legacy) * one(0, 0);
        expect(bad + good).toBeLessThanOrEqual(1 + ROUNDING);
      },
    ),
  );
});

test('lets no bet on one rate win in the mean while the rate is what the bet denies', () => {
  fc.assert(
    fc.property(share, chance, (rate, part) => {
      const mean = (p: number, one: (bad: number) => number): number =>
        p * Math.exp(one(1)) + (1 - p) * Math.exp(one(0));
      const above = rate + (1 - rate) * part;
      expect(mean(above, (bad) => logRarerThan(1, bad, rate))).toBeLessThanOrEqual(1 + ROUNDING);
      expect(mean(rate * part, (bad) => logMoreOftenThan(1, bad, rate))).toBeLessThanOrEqual(1 + ROUNDING);
    }),
  );
});

test('lets no bet on windows win in the mean while the lanes could be exchanged, however requests cluster', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 500 }), (all, step) => {
      // Any excess is as likely as its mirror image; how large it is, is anybody's guess.
      const chances = normalised([...all, ...all]);
      const excess = all.map((_, at) => at * step);
      const scores = [...excess, ...excess.map((each) => -each)].map((plus) =>
        windowScore({ plus, minus: 0 }),
      );
      for (const factor of meanFactors((score) => nextWealth(NO_WEALTH, score), chances, scores)) {
        expect(factor).toBeCloseTo(1, 9);
      }
    }),
  );
});

test('lets no bet on differing pairs win in the mean while their mean share is tolerated, however they cluster', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 20, max: 5_000 }), (all, n) => {
      const chances = normalised(all);
      const plus = all.map((_, at) => Math.round((at / (all.length - 1)) * n * 0.9));
      const base = chances.reduce((sum, each, at) => sum + (each * (plus[at] as number)) / n, 0);
      const scores = plus.map((each) => baseScore({ n, plus: each }, base));
      expect(Math.min(...scores)).toBeGreaterThanOrEqual(-1);
      expect(Math.max(...scores)).toBeLessThanOrEqual(1);
      for (const factor of meanFactors((score) => nextWealth(NO_WEALTH, score), chances, scores)) {
        expect(factor).toBeLessThanOrEqual(1 + ROUNDING);
      }
    }),
  );
});

test('lets the alarm grow by no more than one in the mean with each window: it comes after as many as its threshold', () => {
  const history = fc.array(fc.constantFrom(-1, -0.5, 0, 0.5, 1), { maxLength: 60 });
  fc.assert(
    fc.property(history, weights, (past, all) => {
      const before = past.reduce(nextCusum, NO_CUSUM);
      const chances = normalised([...all, ...all]);
      const scores = [...all.map((_, at) => at / all.length), ...all.map((_, at) => -at / all.length)];
      // M' = max(M, 1) factor, so that its mean is max(M, 1) at the most, and that M + 1 at the most (Shin et al., 2023).
      meanFactors((score) => nextCusum(before, score), chances, scores).forEach((mean, k) => {
        const had = Math.exp(before[k] as number);
        expect(mean).toBeLessThanOrEqual(Math.max(had, 1) * (1 + ROUNDING));
        expect(mean).toBeLessThanOrEqual((had + 1) * (1 + ROUNDING));
      });
    }),
  );
});

test('lets a fair draw of a sample win nothing in the mean', () => {
  fc.assert(
    fc.property(share, fc.nat(500), fc.nat(500), (theta, chosen, left) => {
      const gain = (a: number, b: number): number =>
        Math.exp(
          logSkew([chosen + a, left + b], [theta, 1 - theta]) - logSkew([chosen, left], [theta, 1 - theta]),
        );
      expect(theta * gain(1, 0) + (1 - theta) * gain(0, 1)).toBeCloseTo(1, 6);
    }),
  );
});

interface Derived {
  readonly windows: readonly { scores: readonly number[]; wealth: number; cusum: number }[];
  readonly base: readonly { n: number; plus: number; base: number; score: number }[];
  readonly oneSample: readonly { n: number; bad: number; rate: number; rarer: number; more: number }[];
  readonly skew: readonly {
    counts: readonly number[];
    shares: readonly number[];
    concentration: number;
    log: number;
  }[];
}

test('agrees to nine digits with values that were derived with exact arithmetic', () => {
  const url = new URL('../fixtures/gates/derived.json', import.meta.url);
  const { windows, base, oneSample, skew } = JSON.parse(readFileSync(url, 'utf8')) as Derived;
  expect([windows.length, base.length, oneSample.length, skew.length]).toEqual([6, 6, 8, 4]);
  for (const { scores, wealth, cusum } of windows) {
    expect(logWealth(scores.reduce(nextWealth, NO_WEALTH))).toBeCloseTo(wealth, 9);
    expect(logWealth(scores.reduce(nextCusum, NO_CUSUM))).toBeCloseTo(cusum, 9);
  }
  for (const row of base) expect(baseScore(row, row.base)).toBeCloseTo(row.score, 12);
  for (const { n, bad, rate, rarer, more } of oneSample) {
    expect(logRarerThan(n, bad, rate)).toBeCloseTo(rarer, 9);
    expect(logMoreOftenThan(n, bad, rate)).toBeCloseTo(more, 9);
  }
  for (const { counts, shares, concentration, log } of skew) {
    expect(logSkew(counts, shares, concentration)).toBeCloseTo(log, 9);
  }
});
