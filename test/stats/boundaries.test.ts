import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binet, logBeta } from '../../src/stats/log-beta.ts';
import { bestRho, betaBinomial, quantileRanks, quantileShares } from '../../src/stats/quantile.ts';
import { logSkew } from '../../src/stats/sampling-skew.ts';

/** ln Γ of a whole number, by its definition. */
function logFactorial(below: number): number {
  let sum = 0;
  for (let factor = 2; factor < below; factor += 1) sum += Math.log(factor);
  return sum;
}

test('knows the logarithm of the beta function where three of the gamma function lose their digits', () => {
  // mpmath, 40 digits.
  expect(logBeta(3.5, 1e9)).toBeCloseTo(-71.33045683, 7);
  expect(logBeta(1, 1)).toBeCloseTo(0, 11);
  expect(logBeta(0.5, 0.5)).toBeCloseTo(Math.log(Math.PI), 11);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (a, b) => {
      const exact = logFactorial(a) + logFactorial(b) - logFactorial(a + b);
      expect(logBeta(a, b)).toBeCloseTo(exact, 10);
      const stirling = (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI);
      expect(binet(a)).toBeCloseTo(logFactorial(a) - stirling, 10);
    }),
  );
});

test('agrees with the published values of the mixture and its scale', () => {
  // gostevehoward/confseq, test/uniform_boundaries_unittest.cpp.
  expect(bestRho(100, 0.05)).toBeCloseTo(12.60056, 5);
  const mixture = betaBinomial(0.2, 0.8, 100, 0.05);
  expect(mixture(10, 100)).toBeCloseTo(-0.6941012, 5);
  expect(mixture(31.4308, 100)).toBeCloseTo(Math.log(20), 4);
});

test.each([
  [1_000, 0.97366, 1, 973, null],
  [2_000, 0.98065, 0.99778, 1_961, 1_996],
  [5_000, 0.98508, 0.99426, 4_925, 4_972],
  [10_000, 0.98676, 0.99289, 9_867, 9_929],
  [50_000, 0.98859, 0.99133, 49_429, 49_567],
  [200_000, 0.98927, 0.99071, 197_853, 198_143],
])('agrees with the reference ranks of the p99 of %d samples', (samples, qLow, qHigh, low, high) => {
  const shares = quantileShares(samples, 0.99, 0.05);
  expect(shares[0]).toBeCloseTo(qLow, 5);
  expect(shares[1]).toBeCloseTo(qHigh, 5);
  expect(quantileRanks(samples, 0.99, 0.05)).toEqual({ low, high });
});

test('holds the quantile of what was seen, inside the sample, and never grows with more samples', () => {
  const quantile = fc.double({ min: 0.01, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), quantile, (samples, q) => {
      const [low, high] = quantileShares(samples, q, 0.05);
      expect([0 <= low, low < q, q < high, high <= 1]).toEqual([true, true, true, true]);
      const [lower, higher] = quantileShares(samples * 10, q, 0.05);
      expect(higher - lower).toBeLessThanOrEqual(high - low);
    }),
  );
});

/** The definition: what was predicted of each unit, over the intended chance. */
function predicted(units: readonly number[], shares: readonly number[], prior: readonly number[]): number {
  const seen = prior.slice();
  let log = 0;
  for (const side of units) {
    const whole = seen.reduce((sum, weight) => sum + weight, 0);
    log += Math.log((seen[side] as number) / whole / (shares[side] as number));
    seen[side] = (seen[side] as number) + 1;
  }
  return log;
}

test('is what a sequence of predictions gained on the intended shares, in any order', () => {
  // optimizely/ssrm, test_ssrm_test.py: M1 - M0 of the first batch and of all four.
  const batches = [
    [20, 17, 9],
    [18, 21, 8],
    [4, 6, 4],
    [18, 19, 11],
  ];
  const units = (upTo: number) =>
    batches
      .slice(0, upTo)
      .flatMap((batch) => batch.flatMap((n, side) => Array.from({ length: n }, () => side)));
  const shares = [0.4, 0.4, 0.2];
  expect(predicted(units(1), shares, [1, 1, 1])).toBeCloseTo(-7.028201432058012 + 4.0776406466061985, 9);
  expect(predicted(units(4), shares, [1, 1, 1])).toBeCloseTo(-19.96484521090386 + 15.781031228536165, 9);
  const sides = fc.array(fc.nat(2), { maxLength: 400 });
  fc.assert(
    fc.property(sides, fc.double({ min: 1, max: 500, noNaN: true }), (seen, concentration) => {
      const counts = [0, 1, 2].map((side) => seen.filter((each) => each === side).length);
      const prior = shares.map((share) => share * concentration);
      const brute = predicted(seen, shares, prior);
      expect(logSkew(counts, shares, concentration)).toBeCloseTo(brute, 8);
    }),
  );
});

test('flags a tenth that became an eleventh, and not the noise of a fair draw', () => {
  const enough = Math.log(1_000);
  expect(logSkew([50_000, 450_000], [0.1, 0.9])).toBeLessThan(0);
  expect(logSkew([50_400, 449_600], [0.1, 0.9])).toBeLessThan(enough);
  expect(logSkew([55_000, 445_000], [0.1, 0.9])).toBeGreaterThan(enough);
  expect(logSkew([0, 0], [0.1, 0.9])).toBe(0);
});
