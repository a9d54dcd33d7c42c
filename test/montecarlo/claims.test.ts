import { expect, test } from 'vitest';
import { quickClaims } from './claims.ts';
import { runOnce } from './experiments.ts';
import { judge, sayJudged } from './judged.ts';

// The short form of `npm run test:montecarlo`: phases configured to be short, fewer runs, the same bounds.
const SEED = 2026;
const REPS = 300;
const TIMEOUT_MS = 240_000;

test.each(quickClaims().map((claim) => [claim.id, claim] as const))(
  'keeps its promise about how often a gate is wrong: %s',
  (_, claim) => {
    const runs = Array.from({ length: REPS * claim.effort }, (__, run) => runOnce(claim, SEED, run));
    const judged = judge(claim, runs);
    expect(judged.holds, sayJudged(judged)).toBe(true);
  },
  TIMEOUT_MS,
);
