import { expect, test } from 'vitest';
import { diceOf } from './dice.ts';
import { above, tailOf } from './normal.ts';
import { STATIC_RULES } from './static-rules.ts';
import { draw, weatherOf } from './worlds.ts';
import type { World } from './worlds.ts';

const QUIET: World = { errors: { plus: 0, minus: 0 }, tail: { plus: 0, minus: 0 }, differs: 0 };

/** Shares of all pairs of many windows. */
function shares(world: World, windows = 20_000, pairs = 100) {
  const dice = diceOf(9);
  const next = weatherOf(world, dice);
  const sum = { plus: 0, minus: 0, differs: 0, windows: 0 };
  for (let window = 0; window < windows; window += 1) {
    const { error, difference } = draw(world, next(), pairs, dice);
    sum.plus += error.plus;
    sum.minus += error.minus;
    sum.differs += difference.plus;
    if (error.plus > 0) sum.windows += 1;
  }
  const n = windows * pairs;
  return {
    plus: sum.plus / n,
    minus: sum.minus / n,
    differs: sum.differs / n,
    windows: sum.windows / windows,
  };
}

test('makes incidents as often and as bad as they are said to be, for whom they are said to be', () => {
  const incidents = { share: 0.02, windows: 1, fails: 0.3 } as const;
  const alone = shares({ ...QUIET, incidents: { ...incidents, of: 'candidate' } });
  // 400 incidents: one standard deviation is a twentieth of what is expected.
  const near = (found: number, expected: number) =>
    expect(Math.abs(found / expected - 1), `${found}`).toBeLessThan(0.2);
  near(alone.plus, 0.006);
  expect(alone.minus).toBe(0);
  near(alone.windows, 0.02);
  const both = shares({ ...QUIET, incidents: { ...incidents, of: 'both' } });
  near(both.plus, 0.02 * 0.3 * 0.7);
  near(both.minus, 0.02 * 0.3 * 0.7);
  const long = shares({ ...QUIET, incidents: { ...incidents, of: 'each', windows: 10 } });
  near(long.windows, 1 - 0.98 ** 10);
});

test('counts what one lane alone fails at as an error, and as no difference', () => {
  const found = shares({ ...QUIET, errors: { plus: 0.01, minus: 0.02 }, differs: 0.005 });
  expect(found.plus).toBeCloseTo(0.01, 3);
  expect(found.minus).toBeCloseTo(0.02, 3);
  expect(found.differs).toBeCloseTo(0.97 * 0.005, 3);
});

test('knows how much of a slower lane lies beyond the p99 of the other', () => {
  expect(above(1.6448536269514722)).toBeCloseTo(0.05, 8);
  const { plus, minus } = tailOf(1, 0.8);
  expect(plus).toBeCloseTo(minus, 12);
  // Without correlation: 1 % of 99 %. Of a lane that is 20 % slower 2.16 % lie beyond.
  expect(tailOf(1, 0).plus).toBeCloseTo(0.0099, 6);
  expect(tailOf(1.2, 0.8).plus - tailOf(1.2, 0.8).minus).toBeCloseTo(0.02156 - 0.01, 4);
});

test('judges minutes as the static rules are written', () => {
  const minute = (bad: number, over = 0) => ({ requests: 100, bad, over });
  const ten = (bad: readonly number[]) => Array.from({ length: 10 }, (_, at) => minute(bad[at] ?? 0));
  expect(STATIC_RULES['argo-0'](ten([1, 1, 1]))).toBe('ready');
  expect(STATIC_RULES['argo-0']([minute(2)])).toBe('abort');
  expect(STATIC_RULES['argo-3'](ten([2, 2, 2]))).toBe('ready');
  expect(STATIC_RULES['argo-3']([2, 2, 2, 2].map((bad) => minute(bad)))).toBe('abort');
  // A failed check of Flagger is no iteration: it takes another minute.
  expect(STATIC_RULES.flagger(ten([2]))).toBeNull();
  expect(STATIC_RULES.flagger([...ten([2]), minute(0)])).toBe('ready');
  expect(STATIC_RULES.flagger([2, 2, 2, 2, 2].map((bad) => minute(bad)))).toBe('abort');
  expect(STATIC_RULES.flagger([...ten([]).slice(1), minute(0, 2)])).toBeNull();
  expect(STATIC_RULES.k6(ten([9]))).toBe('ready');
  expect(STATIC_RULES.k6(ten([10]))).toBe('abort');
  expect(STATIC_RULES.k6([...ten([]).slice(1), minute(0, 11)])).toBe('abort');
});
