import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { logAbort, logAdvance } from '../../src/stats/paired.ts';
import type { Counts } from '../../src/stats/paired.ts';

/** A run is looked at after every window, up to a horizon, and ends at the first look that decides. */
const WINDOW_PAIRS = 100;
const WINDOWS = 100;
const ENOUGH_TO_ADVANCE = Math.log(1 / 0.05);
const ENOUGH_TO_ABORT = Math.log(1 / 0.01);
/** What a z test of a fixed size asks for at 5 %, one side. */
const Z_95 = 1.645;
const Z_999 = 3.09;

/** Chances that only the candidate, and only legacy, is bad. */
interface Truth {
  readonly worse: number;
  readonly better: number;
}
const MARGIN = 0.005;
const AT_MARGIN: Truth = { worse: 0.008, better: 0.003 };
const NO_CHANGE: Truth = { worse: 0.01, better: 0.01 };

/** Share of runs in which `decides` says yes at any look. */
function decided(truth: Truth, runs: number, decides: (seen: Counts) => boolean, windows = WINDOWS): number {
  const random = seededRandom(20_260_314);
  let yes = 0;
  for (let run = 0; run < runs; run += 1) {
    let [n, plus, minus] = [0, 0, 0];
    for (let ended = false; !ended && n < windows * WINDOW_PAIRS;) {
      for (let pair = 0; pair < WINDOW_PAIRS; pair += 1) {
        const drawn = random.next();
        if (drawn < truth.worse) plus += 1;
        else if (drawn < truth.worse + truth.better) minus += 1;
      }
      n += WINDOW_PAIRS;
      ended = decides({ n, plus, minus });
      if (ended) yes += 1;
    }
  }
  return yes / runs;
}

/** The largest share that is believable after so many runs: upper end of a one-sided 99.9 % interval. */
function believable(share: number, runs: number): number {
  return share + Z_999 * Math.sqrt((share * (1 - share)) / runs);
}

/** What a dashboard does: how many standard errors the excess is away from a value. */
function naiveZ({ n, plus, minus }: Counts, value: number): number {
  const mean = (plus - minus) / n;
  const variance = (plus + minus) / n - mean * mean;
  return variance === 0 ? 0 : (mean - value) / Math.sqrt(variance / n);
}

test('advances a candidate that is exactly at the margin in fewer than 5 % of runs, looked at after every window', () => {
  const share = decided(AT_MARGIN, 2_000, (seen) => logAdvance(seen, MARGIN) >= ENOUGH_TO_ADVANCE);
  expect(believable(share, 2_000)).toBeLessThan(0.05);
});

test('aborts a candidate that is no different in fewer than 1 % of runs, looked at after every window', () => {
  const share = decided(NO_CHANGE, 3_000, (seen) => logAbort(seen, 0) >= ENOUGH_TO_ABORT);
  expect(believable(share, 3_000)).toBeLessThan(0.01);
});

test('would advance in more than 30 % of the same runs by a plain z test at 5 %', () => {
  const share = decided(AT_MARGIN, 2_000, (seen) => naiveZ(seen, MARGIN) <= -Z_95);
  expect(share).toBeGreaterThan(0.3);
});

test('would abort a candidate that is no different in more than 30 % of longer runs by a plain z test at 5 %', () => {
  const share = decided(NO_CHANGE, 1_000, (seen) => naiveZ(seen, 0) >= Z_95, 4 * WINDOWS);
  expect(share).toBeGreaterThan(0.3);
});

test('does decide: advances what has not changed, and aborts what got 1.5 percentage points worse', () => {
  const same = decided(
    { worse: 0.002, better: 0.002 },
    500,
    (seen) => logAdvance(seen, MARGIN) >= ENOUGH_TO_ADVANCE,
  );
  const worse = decided({ worse: 0.02, better: 0.005 }, 500, (seen) => logAbort(seen, 0) >= ENOUGH_TO_ABORT);
  expect(same).toBeGreaterThan(0.95);
  expect(worse).toBeGreaterThan(0.95);
});
