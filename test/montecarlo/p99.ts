import { encodeHistogram, newHistogram, recordUs } from '../../src/telemetry/histogram.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import type { Dice } from './dice.ts';
import { LEGACY_P99_MS, SPREAD, Z_99 } from './normal.ts';
import type { Outcome } from './simulate.ts';
import { windowOf } from './windows.ts';
import { draw, weatherOf } from './worlds.ts';

const US_PER_MS = 1_000;
const CORRELATION = 0.8;

/** Two lanes whose times are log-normal and correlated. */
export interface Times {
  /** The candidate's times over legacy's. */
  readonly factor: number;
  /** Pairs after which somebody looks, in rising order. */
  readonly looks: readonly number[];
}

const QUIET = { errors: { plus: 0, minus: 0 }, tail: { plus: 0, minus: 0 }, differs: 0 };

/**
 * Whether the delta of the p99 that `status` prints, from histograms as workers write them, holds the true one at every
 * look: `abort` when an interval missed it.
 */
export function p99Holds({ factor, looks }: Times, dice: Dice): Outcome {
  const truthUs = LEGACY_P99_MS * (factor - 1) * US_PER_MS;
  const [legacy, candidate] = [newHistogram(), newHistogram()];
  let pairs = 0;
  for (const [look, until] of looks.entries()) {
    for (; pairs < until; pairs += 1) {
      const z = dice.normal();
      const other = CORRELATION * z + Math.sqrt(1 - CORRELATION ** 2) * dice.normal();
      recordUs(legacy, timeUs(z));
      recordUs(candidate, timeUs(other) * factor);
    }
    const { lowUs, highUs } = deltaOf(encodeHistogram(legacy), encodeHistogram(candidate), dice);
    if ((lowUs ?? -Infinity) > truthUs || (highUs ?? Infinity) < truthUs) {
      return { verdict: 'abort', by: 'p99', windows: look + 1, pairs };
    }
  }
  return { verdict: 'none', by: '', windows: looks.length, pairs };
}

function deltaOf(legacy: string, candidate: string, dice: Dice) {
  const window = windowOf(0, draw(QUIET, weatherOf(QUIET, dice)(), 1, dice), null);
  const copies = window.copies.map((counts) => ({
    ...counts,
    originalLatency: legacy,
    copyLatency: candidate,
  }));
  return summarise({ ...window, copies }).p99Delta;
}

function timeUs(z: number): number {
  return LEGACY_P99_MS * US_PER_MS * Math.exp((z - Z_99) * SPREAD);
}
