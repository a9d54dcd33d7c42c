import { expect, test } from 'vitest';
import { lowerBound } from './bounds.ts';
import { quickClaims } from './claims.ts';
import { runOnce } from './experiments.ts';
import { judge, sayJudged } from './judged.ts';

// The short form of `npm run test:montecarlo`: phases configured to be short, and so few runs that a promise can only be
// refuted, at 99.9 %; the long form has to confirm it. Controls are confirmed here, too.
const SEED = 2026;
const REPS = 300;
const TIMEOUT_MS = 240_000;

test.each(quickClaims().map((claim) => [claim.id, claim] as const))(
  'keeps its promise about how often a gate is wrong: %s',
  (_, claim) => {
    const runs = Array.from({ length: REPS * claim.effort }, (__, run) => runOnce(claim, SEED, run));
    const judged = judge(claim, runs);
    const { hits, reps, bound } = judged;
    const isKept =
      bound !== null && 'most' in bound ? lowerBound(hits, reps) <= bound.most : judged.holds === true;
    expect(isKept, sayJudged(judged)).toBe(true);
  },
  TIMEOUT_MS,
);
