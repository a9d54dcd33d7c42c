import type { Joint } from '../../src/telemetry/types.ts';
import type { Dice } from './dice.ts';

/** Chances of one pair that only the candidate, and only legacy, is bad. */
export interface Chances {
  readonly plus: number;
  readonly minus: number;
}

/** A lane fails for a while: one after the other, each request by itself with chance `fails`. */
export interface Incidents {
  /** `both`: one cause, both lanes at the same time; `each`: both lanes, each at its own times. */
  readonly of: 'candidate' | 'legacy' | 'each' | 'both';
  /** Chance that one begins in a window. */
  readonly share: number;
  /** How many windows it lasts. */
  readonly windows: number;
  /** Chance of a request to fail; and to be slower than legacy's p99, when it does not. */
  readonly fails: number;
  readonly slow?: number;
}

/** What is true of the two lanes: what a gate cannot know. */
export interface World {
  /** Errors that one lane alone shows. */
  readonly errors: Chances;
  /** Answers beyond legacy's p99, of one lane alone. */
  readonly tail: Chances;
  /** Share of the pairs that differ in what is no error. */
  readonly differs: number;
  readonly incidents?: Incidents;
  /** What only rules see that look at the candidate alone: errors that both lanes show, and answers over 500 ms. */
  readonly alone?: { readonly shared: number; readonly over: number };
}

/** The joint outcomes of the pairs of one window. */
export interface Drawn {
  readonly error: Joint;
  readonly tail: Joint;
  readonly difference: Joint;
  /** Of the candidate, whatever legacy answered: errors, and answers over 500 ms. */
  readonly alone: { readonly bad: number; readonly over: number };
}

/** Chances that a request fails, or is slow, because of an incident of its lane. */
interface Struck {
  readonly candidate: number;
  readonly legacy: number;
}

/** The moment of one window: directions of one window share it. */
export interface Weather {
  readonly fails: Struck;
  readonly slow: Struck;
}

const FINE: Struck = { candidate: 0, legacy: 0 };

/** The windows of a world, one after the other. */
export function weatherOf({ incidents }: World, dice: Dice): () => Weather {
  if (incidents === undefined) return () => ({ fails: FINE, slow: FINE });
  const { of, share, windows, fails, slow = 0 } = incidents;
  const left = { candidate: 0, legacy: 0 };
  const begins = (): boolean => dice.uniform() < share;
  return () => {
    const both = of === 'both' && begins();
    for (const lane of ['candidate', 'legacy'] as const) {
      const alone = (of === lane || of === 'each') && begins();
      left[lane] = both || alone ? windows : Math.max(0, left[lane] - 1);
    }
    const struck = (chance: number): Struck => ({
      candidate: left.candidate > 0 ? chance : 0,
      legacy: left.legacy > 0 ? chance : 0,
    });
    return { fails: struck(fails), slow: struck(slow) };
  };
}

/**
 * What `n` pairs of one moment show. A pair in which one lane failed is judged as an error, and neither as a difference nor
 * as agreement: as `shadow/mirror.ts` counts.
 */
export function draw(world: World, { fails, slow }: Weather, n: number, dice: Dice): Drawn {
  const error = pairs(struckBy(world.errors, fails), n, dice);
  const answered = n - error.plus - error.minus;
  const { shared = 0, over = 0 } = world.alone ?? {};
  return {
    error,
    tail: pairs(struckBy(world.tail, slow), n, dice),
    difference: { n: answered, plus: dice.binomial(answered, world.differs), minus: 0 },
    alone: { bad: error.plus + dice.binomial(n, shared), over: dice.binomial(n, over) },
  };
}

/** An incident strikes each lane's requests by themselves; the usual is what happens to the rest. */
function struckBy({ plus, minus }: Chances, { candidate, legacy }: Struck): Chances {
  const spared = (1 - candidate) * (1 - legacy);
  return {
    plus: candidate * (1 - legacy) + spared * plus,
    minus: legacy * (1 - candidate) + spared * minus,
  };
}

function pairs(chances: Chances, n: number, dice: Dice): Joint {
  const plus = dice.binomial(n, chances.plus);
  const minus = dice.binomial(n - plus, chances.minus / (1 - chances.plus));
  return { n, plus, minus };
}
