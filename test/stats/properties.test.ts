import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BETS, LOG_WEIGHTS, logSumExp } from '../../src/stats/bets.ts';
import { pairsToAdvance } from '../../src/stats/eta.ts';
import { excessInterval } from '../../src/stats/interval.ts';
import { logAbort, logAdvance, logWealth } from '../../src/stats/paired.ts';
import type { Counts } from '../../src/stats/paired.ts';

/** What rounding may change of a sum of so many logarithms. */
const slack = (value: number): number => 1e-12 * Math.max(1, Math.abs(value));

const counts: fc.Arbitrary<Counts> = fc
  .tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(200_000))
  .map(([plus, minus, even]) => ({ n: plus + minus + even, plus, minus }));
/** Counts with a pair that did not differ, to be made one that did. */
const withEven = counts.map(({ n, plus, minus }) => ({ n: n + 1, plus, minus }));
const excess = fc.double({ min: -0.99, max: 0.99, noNaN: true });
const margin = fc.double({ min: 0.0001, max: 0.5, noNaN: true });
const alpha = fc.double({ min: 0.0001, max: 0.5, noNaN: true });
const bet = fc.constantFrom(...BETS);
const atMost = (low: number, high: number): void => expect(low).toBeLessThanOrEqual(high + slack(high));

const EVEN = { n: 1, plus: 0, minus: 0 };
const WORSE = { n: 1, plus: 1, minus: 0 };
const BETTER = { n: 1, plus: 0, minus: 1 };

test('has no evidence at all before the first pair, exactly', () => {
  fc.assert(
    fc.property(excess, (m) => {
      expect(logAdvance({ n: 0, plus: 0, minus: 0 }, m)).toBe(0);
      expect(logAbort({ n: 0, plus: 0, minus: 0 }, m)).toBe(0);
    }),
  );
  expect(excessInterval({ n: 0, plus: 0, minus: 0 }, 0.05)).toBeNull();
});

test('shares the whole wealth among ten bets, none of which can be ruined by one pair', () => {
  expect(BETS).toHaveLength(10);
  expect(BETS[0]).toBe(0.98);
  BETS.slice(1).forEach((bet, k) => expect(bet).toBe((BETS[k] as number) / 2));
  expect(logSumExp(LOG_WEIGHTS)).toBeCloseTo(0, 14);
  const weights = LOG_WEIGHTS.map(Math.exp);
  expect((weights[0] as number) / (weights[9] as number)).toBeCloseTo((10 * 11) / 2, 10);
});

test('adds exponentials up without overflow, also when there are none', () => {
  expect(logSumExp([1_000, 1_000])).toBeCloseTo(1_000 + Math.LN2, 10);
  expect(logSumExp([-2_000, -2_000])).toBeCloseTo(-2_000 + Math.LN2, 10);
  expect(logSumExp([])).toBe(-Infinity);
  expect(logSumExp([-Infinity, -Infinity])).toBe(-Infinity);
});

test('lets no bet win in the mean against a candidate that is at the margin or beyond', () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  const beyond = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(chance, chance, beyond, bet, (first, second, share, stake) => {
      // Any chances of -1, 0 and 1, and any margin that their mean reaches.
      const [better, upTo] = first < second ? [first, second] : [second, first];
      const worse = 1 - upTo;
      const mean = worse - better;
      const tolerated = mean - share * (mean + 1);
      fc.pre(tolerated < 0.99);
      const factor = (pair: Counts): number => Math.exp(logWealth(pair, tolerated, stake));
      const expected = better * factor(BETTER) + (upTo - better) * factor(EVEN) + worse * factor(WORSE);
      expect(expected).toBeLessThanOrEqual(1 + 1e-9);
      expect(Math.min(factor(BETTER), factor(EVEN), factor(WORSE))).toBeGreaterThanOrEqual(0.02 - 1e-12);
    }),
    { numRuns: 2_000 },
  );
});

test('loses nothing in the mean against a candidate that is exactly at the margin: the bets are fair', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.5, noNaN: true }), margin, bet, (better, m, stake) => {
      const worse = better + m;
      fc.pre(better + worse <= 1);
      const factor = (pair: Counts): number => Math.exp(logWealth(pair, m, stake));
      const expected = better * factor(BETTER) + (1 - better - worse) * factor(EVEN) + worse * factor(WORSE);
      expect(expected).toBeCloseTo(1, 9);
    }),
  );
});

test('multiplies the evidence up pair by pair, in any order, to what the counts say at once', () => {
  const pair = fc.constantFrom<Counts>(EVEN, EVEN, EVEN, WORSE, BETTER);
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 300 }), margin, (pairs, m) => {
      const wealth = BETS.map((stake) =>
        pairs.reduce((log, each) => {
          const d = each.plus - each.minus;
          return log + Math.log(1 + (stake / (1 - m)) * (m - d));
        }, 0),
      );
      const brute = Math.log(
        wealth.reduce((sum, log, k) => sum + Math.exp(log + (LOG_WEIGHTS[k] as number)), 0),
      );
      const plus = pairs.filter((each) => each.plus === 1).length;
      const minus = pairs.filter((each) => each.minus === 1).length;
      expect(logAdvance({ n: pairs.length, plus, minus }, m)).toBeCloseTo(brute, 9);
    }),
  );
});

test('says the same of an excess and of its mirror image', () => {
  fc.assert(
    fc.property(counts, excess, ({ n, plus, minus }, m) => {
      expect(logAbort({ n, plus, minus }, m)).toBe(logAdvance({ n, plus: minus, minus: plus }, -m));
    }),
  );
});

test('finds a wider margin easier to prove, and a higher base harder to exceed', () => {
  fc.assert(
    fc.property(counts, excess, excess, (seen, one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      atMost(logAdvance(seen, low), logAdvance(seen, high));
      atMost(logAbort(seen, high), logAbort(seen, low));
    }),
  );
});

test('counts a pair that went wrong for the candidate against it, and one for legacy in its favour', () => {
  fc.assert(
    fc.property(withEven, excess, (seen, m) => {
      const worse = { ...seen, plus: seen.plus + 1 };
      const better = { ...seen, minus: seen.minus + 1 };
      atMost(logAdvance(worse, m), logAdvance(seen, m));
      atMost(logAdvance(seen, m), logAdvance(better, m));
      atMost(logAbort(better, m), logAbort(seen, m));
      atMost(logAbort(seen, m), logAbort(worse, m));
    }),
  );
});

test('stays a number at and beyond the ends of what an excess can be', () => {
  fc.assert(
    fc.property(counts, fc.constantFrom(-5, -1, 1, 5), (seen, m) => {
      expect(Number.isFinite(logAdvance(seen, m))).toBe(true);
      expect(Number.isFinite(logAbort(seen, m))).toBe(true);
      atMost(logAdvance(seen, 0.99), logAdvance(seen, 1));
    }),
  );
});

test('gives an interval that contains what was counted, inside -1 and 1, wider for more confidence', () => {
  fc.assert(
    fc.property(withEven, alpha, ({ n, plus, minus }, a) => {
      const [low, high] = excessInterval({ n, plus, minus }, a) as readonly [number, number];
      const [lower, higher] = excessInterval({ n, plus, minus }, a / 10) as readonly [number, number];
      const estimate = (plus - minus) / n;
      const ordered = [-1, lower, low, estimate, high, higher, 1];
      expect(ordered).toEqual(ordered.toSorted((x, y) => x - y));
    }),
  );
  for (const seen of [WORSE, BETTER, { n: 500, plus: 500, minus: 0 }]) {
    const [low, high] = excessInterval(seen, 0.05) as readonly [number, number];
    expect(low).toBeLessThanOrEqual(seen.plus - seen.minus);
    expect(high).toBeGreaterThanOrEqual((seen.plus - seen.minus) / seen.n);
  }
});

test('excludes from the interval what either test refutes at half the error each, and nothing else', () => {
  fc.assert(
    fc.property(withEven, alpha, excess, (seen, a, mean) => {
      const [low, high] = excessInterval(seen, a) as readonly [number, number];
      const enough = Math.log(2 / a);
      fc.pre(Math.min(Math.abs(mean - low), Math.abs(mean - high)) > 1e-9);
      expect(mean > high).toBe(logAdvance(seen, mean) >= enough);
      expect(mean < low).toBe(logAbort(seen, mean) >= enough);
    }),
  );
});

test('foretells the first number of pairs that proves it, at the rates so far', () => {
  fc.assert(
    fc.property(withEven, margin, alpha, (seen, m, a) => {
      const more = pairsToAdvance(seen, m, a);
      const enough = Math.log(1 / a);
      const after = (n: number): number => {
        const { n: now, plus, minus } = seen;
        return logAdvance({ n, plus: (plus / now) * n, minus: (minus / now) * n }, m);
      };
      if (more === null) {
        // Too many, or never: a thousand times as many would not do.
        expect(after(Math.min(seen.n * 1_000, 1e9))).toBeLessThan(enough);
      } else if (more === 0) {
        expect(logAdvance(seen, m)).toBeGreaterThanOrEqual(enough);
      } else {
        expect(Number.isInteger(more)).toBe(true);
        expect(after(seen.n + more)).toBeGreaterThanOrEqual(enough - slack(enough));
        expect(after(seen.n + more - 1)).toBeLessThan(enough + slack(enough));
      }
    }),
  );
});

test('foretells nothing for a candidate at the margin or beyond it', () => {
  expect(pairsToAdvance({ n: 10_000, plus: 10, minus: 0 }, 0.001, 0.05)).toBeNull();
  expect(pairsToAdvance({ n: 10_000, plus: 90, minus: 10 }, 0.005, 0.05)).toBeNull();
  expect(pairsToAdvance({ n: 1, plus: 1, minus: 0 }, 0.5, 0.05)).toBeNull();
  expect(pairsToAdvance({ n: 2e9, plus: 2e6, minus: 0 }, 0.001, 0.05)).toBeNull();
  expect(pairsToAdvance({ n: 10_000, plus: 0, minus: 0 }, 0, 0.05)).toBeNull();
});
