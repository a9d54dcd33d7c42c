import { hash32 } from '../../src/core/hash.ts';
import { fullClaims, quickClaims } from './claims.ts';
import { diceOf } from './dice.ts';
import type { Dice } from './dice.ts';
import type { Outcome } from './simulate.ts';

/** Something that can be run again and again, each time with other dice. */
export interface Experiment {
  readonly id: string;
  readonly run: (dice: Dice) => Outcome;
}

/** Lists of experiments by name: what another thread finds by the same name. */
export const LISTS: Readonly<Record<string, () => readonly Experiment[]>> = {
  full: fullClaims,
  quick: quickClaims,
};

/**
 * One run. Its dice depend on the seed, the experiment and its number alone: not on the thread it runs in, nor on what
 * runs beside it.
 */
export function runOnce({ id, run }: Experiment, seed: number, number: number): Outcome {
  return run(diceOf(seed, hash32(id), number));
}
