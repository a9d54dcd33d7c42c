import { expect } from 'vitest';
import { CRASH_POINT_NAMES, FAULT_NAMES } from './points.ts';
import { simulate } from './simulate.ts';
import { addTo, emptySum, rarePoints, replayOf } from './tally.ts';
import type { Sum } from './tally.ts';

/** Half of the seeds of continuous integration, so that two processes share them. */
export const HALF = 120;

/** Each crash point is hit so often in each half: twenty times in both. */
const LEAST_HITS = 10;

/** Runs seeds one after the other. @returns what they came to; it fails with the command that runs a bad one again */
export async function runSeeds(from: number, seeds: number): Promise<Sum> {
  const sum = emptySum();
  for (let seed = from; seed < from + seeds; seed += 1) addTo(sum, await simulate({ seed }));
  expect(sum.failed.map(replayOf).join('\n')).toBe('');
  return sum;
}

/** Everything that the simulation is about came up. */
export function expectEverythingTried(sum: Sum): void {
  expect(CRASH_POINT_NAMES.length).toBeGreaterThan(20);
  expect(rarePoints(sum, LEAST_HITS)).toEqual([]);
  expect(FAULT_NAMES.filter((fault) => sum.tally.faults[fault] === 0)).toEqual([]);
  const { proven, forced, rollbacks, aborts, starts, windows } = sum.tally.moves;
  for (const moves of [proven, forced, rollbacks, aborts]) expect(moves).toBeGreaterThan(sum.seeds / 4);
  expect(starts).toBeGreaterThan(sum.seeds);
  expect(windows).toBeGreaterThan(10 * sum.seeds);
}
