import { logAbort } from '../../src/stats/paired.ts';
import type { Counts } from '../../src/stats/paired.ts';
import type { Dice } from './dice.ts';
import type { Setting } from './setting.ts';
import type { Outcome } from './simulate.ts';
import { draw, weatherOf } from './worlds.ts';

/** One-sided 5 %, as a test of a fixed size asks for it. */
const Z_95 = 1.645;

/** Rules that a gate must not have: the harness shows that it would find them out. */
export const RIVALS = {
  /** How many standard errors the excess lies above zero, looked at after every window as a dashboard is. */
  zAbort: (counts: Counts) => z(counts, 0) >= Z_95,
  /** The same below a margin of 0.1 points. */
  zAdvance: (counts: Counts) => z(counts, 0.001) <= -Z_95,
  /** Every request counts for itself: valid where requests are independent, at 1 %. */
  perRequest: (counts: Counts) => logAbort(counts, 0) >= Math.log(100),
} as const;

/** The errors of a setting judged by such a rule, with a look after every window. */
export function judgeBy(rule: keyof typeof RIVALS, { world, pairs, horizon }: Setting, dice: Dice): Outcome {
  const next = weatherOf(world, dice);
  const sum = { n: 0, plus: 0, minus: 0 };
  for (let index = 0; index < horizon; index += 1) {
    const { error } = draw(world, next(), pairs(index).shadow, dice);
    sum.n += error.n;
    sum.plus += error.plus;
    sum.minus += error.minus;
    if (RIVALS[rule](sum)) {
      return { verdict: 'abort', by: rule, windows: index + 1, pairs: sum.n };
    }
  }
  return { verdict: 'none', by: '', windows: horizon, pairs: sum.n };
}

function z({ n, plus, minus }: Counts, value: number): number {
  const mean = (plus - minus) / n;
  const variance = (plus + minus) / n - mean * mean;
  return variance <= 0 ? 0 : (mean - value) / Math.sqrt(variance / n);
}
