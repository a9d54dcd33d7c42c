import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BAKE_PAIRS, NO_BAKE, logBaked, windowsToBake, withWindow } from '../../src/stats/bake.ts';
import { BETS, LOG_WEIGHTS } from '../../src/stats/bets.ts';
import { NO_CUSUM, nextCusum } from '../../src/stats/cusum.ts';
import { logMoreOftenThan, logRarerThan } from '../../src/stats/one-sample.ts';
import { logAbort } from '../../src/stats/paired.ts';
import { logAbortUnpaired, logAdvanceUnpaired } from '../../src/stats/unpaired.ts';
import { NO_WEALTH, baseScore, logWealth, nextWealth, windowScore } from '../../src/stats/window-score.ts';

const DIGITS = 9;
const counts = fc.record({ n: fc.nat(5_000), candidateBad: fc.nat(500), legacyBad: fc.nat(500) });
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const score = fc.constantFrom<number>(-1, -0.5, 0, 0.5, 1);
const scores = fc.array(score, { maxLength: 200 });

/** ln of a mean of products, as one computes it by hand. */
function byHand(products: (bet: number) => number): number {
  const wealth = BETS.reduce((sum, bet, k) => sum + Math.exp(LOG_WEIGHTS[k] as number) * products(bet), 0);
  return Math.log(wealth);
}

test('agrees with every reference value of randomised arms to nine digits', () => {
  const url = new URL('../fixtures/gates/golden.json', import.meta.url);
  const { ipw } = JSON.parse(readFileSync(url, 'utf8')) as {
    ipw: {
      n: number;
      candErr: number;
      legErr: number;
      rho: number;
      delta: number;
      logE_advance: number;
      logE_abort: number;
    }[];
  };
  expect(ipw).toHaveLength(8);
  for (const { n, candErr, legErr, rho, delta, logE_advance, logE_abort } of ipw) {
    const seen = { n, candidateBad: candErr, legacyBad: legErr };
    expect(logAdvanceUnpaired(seen, rho, delta)).toBeCloseTo(logE_advance, DIGITS);
    expect(logAbortUnpaired(seen, rho, delta)).toBeCloseTo(logE_abort, DIGITS);
  }
});

test('asks at base 0 only from which arm each bad unit came', () => {
  fc.assert(
    fc.property(counts, share, ({ n, candidateBad, legacyBad }, rho) => {
      const seen = { n: n + candidateBad + legacyBad, candidateBad, legacyBad };
      // Of a bad unit the candidate is the origin with chance rho: a bet on the origin pays 1 + bet (1 - rho) / rho or loses.
      const origin = byHand((bet) => (1 + (bet * (1 - rho)) / rho) ** candidateBad * (1 - bet) ** legacyBad);
      fc.pre(Number.isFinite(origin));
      expect(logAbortUnpaired(seen, rho, 0)).toBeCloseTo(origin, 6);
    }),
  );
});

test('lets no bet on randomised arms win in the mean while the difference is at the margin', () => {
  const chance = fc.double({ min: 0, max: 0.5, noNaN: true });
  const margin = fc.double({ min: 0.0001, max: 0.3, noNaN: true });
  fc.assert(
    fc.property(chance, margin, share, (legacy, delta, rho) => {
      const one = (candidateBad: number, legacyBad: number): number =>
        Math.exp(logAdvanceUnpaired({ n: 1, candidateBad, legacyBad }, rho, delta));
      const candidate = legacy + delta;
      const bad = rho * candidate * one(1, 0) + (1 - rho) * legacy * one(0, 1);
      const good = (1 - rho * candidate - (1 - rho) * legacy) * one(0, 0);
      expect(bad + good).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
});

test('takes one sample for a lane beside one that is never bad', () => {
  expect(logMoreOftenThan(1_000, 20, 0.01)).toBe(logAbort({ n: 1_000, plus: 20, minus: 0 }, 0.01));
  expect(logRarerThan(3_586, 0, 0.001)).toBeGreaterThanOrEqual(Math.log(20));
  expect(logRarerThan(3_585, 0, 0.001)).toBeLessThan(Math.log(20));
});

test('counts a window once, whatever happened in it', () => {
  const found = [0, 1, 2, 500, -1, -2, -500].map((plus) => windowScore({ plus, minus: 0 }));
  expect(found).toEqual([0, 0.5, 1, 1, -0.5, -1, -1]);
});

test('lets no window of a share at its base win in the mean, however its bad pairs cluster', () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const base = fc.double({ min: 0.0001, max: 0.2, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      base,
      fc.array(part, { minLength: 1 }),
      (n, m0, parts) => {
        // Any spread of bad pairs whose mean is what the base allows: as shares of all pairs, scaled down to it.
        const mean = parts.reduce((sum, each) => sum + each, 0) / parts.length;
        fc.pre(mean >= m0);
        const bad = parts.map((each) => (each / mean) * m0 * n);
        const scores = bad.map((plus) => baseScore({ n, plus }, m0));
        expect(scores.reduce((sum, each) => sum + each, 0) / scores.length).toBeLessThanOrEqual(1e-9);
        expect(Math.min(...scores)).toBeGreaterThanOrEqual(-1);
      },
    ),
  );
});

test('counts a window against its base as far as it goes beyond it, and no further', () => {
  const of = (n: number, plus: number) => baseScore({ n, plus }, 0.001);
  expect([of(1_000, 0), of(1_000, 1), of(1_000, 3), of(1_000, 900)]).toEqual([-0.5, 0, 1, 1]);
  expect([of(10_000, 0), of(10_000, 10), of(10_000, 15), of(10_000, 20)]).toEqual([-1, 0, 0.5, 1]);
});

test('multiplies the evidence of windows up in any order to what their scores say at once', () => {
  fc.assert(
    fc.property(scores, (all) => {
      const seen = all.reduce(nextWealth, NO_WEALTH);
      const brute = byHand((bet) => all.reduce((wealth, each) => wealth * (1 + bet * each), 1));
      fc.pre(Number.isFinite(brute));
      expect(logWealth(seen)).toBeCloseTo(brute, 8);
      expect(logWealth(all.toReversed().reduce(nextWealth, NO_WEALTH))).toBeCloseTo(logWealth(seen), 9);
    }),
  );
  expect(logWealth(NO_WEALTH)).toBeCloseTo(0, 12);
});

test('needs eight windows that speak against the candidate, and no fewer, for one false abort in a hundred', () => {
  const against = (windows: number): number =>
    logWealth(Array.from({ length: windows }, () => 1).reduce(nextWealth, NO_WEALTH));
  expect(against(7)).toBeLessThan(Math.log(100));
  expect(against(8)).toBeGreaterThanOrEqual(Math.log(100));
});

test('begins anew with a bet that has lost, and forgets how long all was well', () => {
  fc.assert(
    fc.property(scores, (all) => {
      let wealth = BETS.map(() => 0);
      for (const each of all)
        wealth = wealth.map((m, k) => Math.max(m, 1) * (1 + (BETS[k] as number) * each));
      const brute = Math.log(wealth.reduce((sum, m, k) => sum + Math.exp(LOG_WEIGHTS[k] as number) * m, 0));
      const state = all.reduce(nextCusum, NO_CUSUM);
      if (all.length === 0) expect(logWealth(state)).toBe(-Infinity);
      else expect(logWealth(state)).toBeCloseTo(brute, 8);
    }),
  );
  const bad = Array.from({ length: 20 }, () => 1);
  const clean = Array.from({ length: 5_000 }, () => -0.5);
  const late = [...clean, ...bad].reduce(nextCusum, NO_CUSUM);
  expect(logWealth(late)).toBeCloseTo(logWealth(bad.reduce(nextCusum, NO_CUSUM)), 9);
});

test('bakes for 357 windows to show one in a hundred, and for 716 to show half of it', () => {
  const clean = (windows: number) =>
    Array.from({ length: windows }, () => ({ n: 100, plus: 0, minus: 0 })).reduce(withWindow, NO_BAKE);
  const enough = Math.log(20);
  expect([logBaked(clean(356), 0.01) < enough, logBaked(clean(357), 0.01) >= enough]).toEqual([true, true]);
  expect([logBaked(clean(715), 0.005) < enough, logBaked(clean(716), 0.005) >= enough]).toEqual([true, true]);
  expect(windowsToBake(clean(100), 0.01, 0.05)).toBe(257);
});

test('adds windows that are too small to the next one, and takes them for no proof', () => {
  const single = { n: 1, plus: 0, minus: 0 };
  const pairs = (count: number) => Array.from({ length: count }, () => single).reduce(withWindow, NO_BAKE);
  expect(pairs(BAKE_PAIRS - 1).windows.n).toBe(0);
  expect(pairs(BAKE_PAIRS * 3 + 1)).toMatchObject({ windows: { n: 3 }, rest: { n: 1 } });
});

test('takes a window for bad at two pairs and two in a hundred, for either lane', () => {
  const bad = (n: number, plus: number, minus: number) => withWindow(NO_BAKE, { n, plus, minus }).windows;
  expect(bad(50, 1, 0)).toEqual({ n: 1, plus: 0, minus: 0 });
  expect(bad(50, 2, 0)).toEqual({ n: 1, plus: 1, minus: 0 });
  expect(bad(1_000, 19, 0)).toEqual({ n: 1, plus: 0, minus: 0 });
  expect(bad(1_000, 60, 40)).toEqual({ n: 1, plus: 1, minus: 0 });
  expect(bad(1_000, 40, 60)).toEqual({ n: 1, plus: 0, minus: 1 });
});
