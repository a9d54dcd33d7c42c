import { NO_BAKE, withWindow } from '../../stats/bake.ts';
import type { Bake } from '../../stats/bake.ts';
import { NO_CUSUM, nextCusum } from '../../stats/cusum.ts';
import { NO_WEALTH, baseScore, logWealth, nextWealth, windowScore } from '../../stats/window-score.ts';
import type { Wealth } from '../../stats/window-score.ts';
import type { PairTally } from './evidence.ts';
import { countsOf, isOneSided, scopeKey, scopesOf } from './scopes.ts';
import type { Scope } from './scopes.ts';
import { METRICS } from './types.ts';
import type { Metric } from './types.ts';

/**
 * Evidence against the candidate in one metric of one scope, with windows as its unit: requests of one moment fail together,
 * and an incident must not count as often as it has victims. Natural logarithms.
 */
export interface WindowTest {
  readonly wealth: Wealth;
  readonly cusum: Wealth;
  /** Largest evidence so far over the whole epoch, and since each bet last began anew: an abort does not heal. */
  readonly worse: number;
  readonly lately: number;
}

export type WindowTests = Readonly<Record<string, WindowTest>>;
export type Bakes = Readonly<Record<string, Bake>>;

export const NO_TEST: WindowTest = { wealth: NO_WEALTH, cusum: NO_CUSUM, worse: 0, lately: 0 };

/** The test of a metric and scope; one without any window when there was none. */
export function windowTest(tests: WindowTests, metric: Metric, scope: Scope): WindowTest {
  return tests[testKey(metric, scope)] ?? NO_TEST;
}

/** Windows without and with a burst of errors, of a scope. */
export function bakeOf(bakes: Bakes, scope: Scope): Bake {
  return bakes[scopeKey(scope)] ?? NO_BAKE;
}

/**
 * Adds one window to the tests of its scopes.
 * @param pairs of this window alone
 * @param base tolerated share of pairs that differ, where legacy is not compared with itself
 */
export function testWindow(before: WindowTests, pairs: readonly PairTally[], base: number): WindowTests {
  const tests = { ...before };
  for (const scope of scopesOf(pairs)) {
    for (const metric of METRICS) {
      const score = scoreOf(pairs, metric, scope, base);
      if (score !== null) tests[testKey(metric, scope)] = scored(windowTest(before, metric, scope), score);
    }
  }
  return tests;
}

/** Adds one window to the bakes of its scopes. @param pairs of this window alone */
export function bakeWindow(before: Bakes, pairs: readonly PairTally[]): Bakes {
  const bakes = { ...before };
  for (const scope of scopesOf(pairs)) {
    bakes[scopeKey(scope)] = withWindow(bakeOf(before, scope), countsOf(pairs, 'errorRate', scope));
  }
  return bakes;
}

/** A window without pairs says nothing. */
function scoreOf(pairs: readonly PairTally[], metric: Metric, scope: Scope, base: number): number | null {
  const counts = countsOf(pairs, metric, scope);
  if (counts.n === 0) return null;
  return pairs.some((tally) => isOneSided(tally, metric)) ? baseScore(counts, base) : windowScore(counts);
}

/** One window more. */
export function scored({ wealth, cusum, worse, lately }: WindowTest, score: number): WindowTest {
  const [all, recent] = [nextWealth(wealth, score), nextCusum(cusum, score)];
  return {
    wealth: all,
    cusum: recent,
    worse: all === wealth ? worse : Math.max(worse, logWealth(all)),
    lately: recent === cusum ? lately : Math.max(lately, logWealth(recent)),
  };
}

function testKey(metric: Metric, scope: Scope): string {
  return `${metric}\n${scopeKey(scope)}`;
}
