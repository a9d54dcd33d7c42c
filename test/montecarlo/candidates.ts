import { slowerThan, tailOf } from './normal.ts';
import type { World } from './worlds.ts';

/** Correlation of the times of both lanes: they are asked the same. */
const CORRELATION = 0.8;

/** Legacy fails at 0.1 % of the requests; half of that the candidate shares, a database both use, say. */
const LEGACY = 0.001;
const SHARED = LEGACY / 2;
const THRESHOLD_MS = 500;

/** A candidate of the comparison with static thresholds. */
export interface Candidate {
  readonly name: string;
  readonly good: boolean;
  readonly world: World;
}

/** @param rate of the candidate's errors @param factor its times over legacy's */
function candidate(rate: number, factor = 1): World {
  return {
    errors: { plus: rate - SHARED, minus: LEGACY - SHARED },
    tail: tailOf(factor, CORRELATION),
    differs: 0,
    alone: { shared: SHARED, over: slowerThan(THRESHOLD_MS, factor) },
  };
}

/** What rollouts are made of: one that nothing is wrong with, and five that somebody would want to stop. */
export const CANDIDATES: readonly Candidate[] = [
  { name: 'healthy: errors 0.1 %, as legacy', good: true, world: candidate(0.001) },
  { name: 'errors 0.5 %', good: false, world: candidate(0.005) },
  { name: 'errors 0.9 %', good: false, world: candidate(0.009) },
  { name: 'errors 1.1 % (+1 point)', good: false, world: candidate(0.011) },
  {
    name: 'bursts: 30 % fail in 2 % of the windows',
    good: false,
    world: { ...candidate(0.001), incidents: { of: 'candidate', share: 0.02, windows: 1, fails: 0.3 } },
  },
  { name: 'p99 20 % slower', good: false, world: candidate(0.001, 1.2) },
];
