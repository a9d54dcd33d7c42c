import { hash32 } from '../../src/core/hash.ts';
import { fullClaims, quickClaims } from './claims.ts';
import { diceOf } from './dice.ts';
import type { Dice } from './dice.ts';
import type { Outcome } from './simulate.ts';
import { tableCells } from './tables.ts';

/** Something that can be run again and again, each time with other dice. */
export interface Experiment {
  readonly id: string;
  /** What its dice are named after, where not the same: experiments with one stream see the same rollouts. */
  readonly stream?: string;
  readonly run: (dice: Dice) => Outcome;
}

const LISTS: Readonly<Record<string, (option: string | null) => readonly Experiment[]>> = {
  full: fullClaims,
  quick: quickClaims,
  tables: tableCells,
};

/** A list of experiments by its name, which may have an option (`full@1h`): what a thread finds by the same name. */
export function experimentsOf(list: string): readonly Experiment[] {
  const [name = '', option = null] = list.split('@');
  const found = LISTS[name];
  if (found === undefined) throw new Error(`there is no list ${name}`);
  return found(option);
}

/**
 * One run. Its dice depend on the seed, the experiment and its number alone: not on the thread it runs in, nor on what
 * runs beside it.
 */
export function runOnce({ id, stream = id, run }: Experiment, seed: number, number: number): Outcome {
  return run(diceOf(seed, hash32(stream), number));
}
