import { CANDIDATES } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import type { Experiment } from './experiments.ts';
import { tailOf } from './normal.ts';
import { longest, shippedPlan, steady } from './setting.ts';
import type { Setting } from './setting.ts';
import { simulate } from './simulate.ts';
import { STATIC_RULES, judgeStatic } from './static-rules.ts';
import { WINDOW_MS } from './windows.ts';
import type { Incidents, World } from './worlds.ts';

/** One cell of the tables: an experiment, and how often it is run. */
export interface Cell extends Experiment {
  readonly reps: number;
}

const FAR = { margin: '50pp' };
const TAIL = tailOf(1, 0.8);
/** Enough for a median and a 90th percentile with two digits. */
const REPS = 100;

/** Only errors are judged: how fast, does not depend on the other metrics. */
const ERRORS_ONLY = shippedPlan({ gates: { differences: FAR, tail: FAR } });

function lanes(plus: number, minus = plus, incidents?: Incidents): World {
  const world = { errors: { plus, minus }, tail: TAIL, differs: 0 };
  return incidents === undefined ? world : { ...world, incidents };
}

function cell(id: string, setting: Omit<Setting, 'phase'>, reps = REPS): Cell {
  return { id, reps, run: (dice) => simulate({ phase: 'shadow', ...setting }, dice) };
}

const DAY = longest('shadow', ERRORS_ONLY);

export const EXCESSES = [0.2, 0.5, 1, 5, 20];
export const SIZES = [100, 500];

/** Windows to abort, errors worse by so many points, at a base of 0.2 % on each lane alone. */
function detection(): Cell[] {
  return SIZES.flatMap((pairs) =>
    EXCESSES.map((points) =>
      cell(`detect ${pairs} +${points}`, {
        plan: ERRORS_ONLY,
        world: lanes(0.002 + points / 100, 0.002),
        pairs: steady('shadow', pairs),
        horizon: DAY,
        ends: 'abort',
      }),
    ),
  );
}

export const MARGINS = [0.1, 0.2, 0.5, 1];
export const BASES = [0, 0.05, 0.2];
/** Fine windows, because pairs are counted: the proof of pairs does not depend on their width. */
const FINE_PAIRS = 100;

/** Pairs that prove a margin when nothing changed, at a base of so many percent on each lane alone. */
function proofs(): Cell[] {
  return BASES.flatMap((base) =>
    MARGINS.map((margin) =>
      cell(`prove ${base} ${margin}`, {
        plan: shippedPlan({
          gates: {
            errorRate: { margin: `${margin}pp` },
            differences: FAR,
          },
        }),
        world: lanes(base / 100),
        pairs: steady('shadow', FINE_PAIRS),
        horizon: 4e3,
        ends: 'proof',
        metric: 'errorRate',
      }),
    ),
  );
}

/** How long the whole gate takes with the defaults, at so many pairs in a window. */
export const WHOLE = [10, 100, 500];
function whole(): Cell[] {
  return WHOLE.map((pairs) =>
    cell(
      `whole ${pairs}`,
      {
        plan: shippedPlan(),
        world: lanes(3e-4),
        pairs: steady('shadow', pairs),
        horizon: DAY,
        ends: 'either',
      },
      pairs < 100 ? 20 : 40,
    ),
  );
}

export const CLEAN = [0, 20_000, 100_000, 300_000];

/** Windows until a candidate that becomes a point worse is stopped, after so many clean pairs. */
function late(): Cell[] {
  return CLEAN.map((clean) => {
    const after = clean / FINE_PAIRS;
    return cell(`late ${clean}`, {
      plan: ERRORS_ONLY,
      world: lanes(0.002),
      later: {
        after,
        world: lanes(0.012, 0.002),
      },
      pairs: steady('shadow', FINE_PAIRS),
      horizon: after + 500,
      ends: 'abort',
    });
  });
}

export const BURSTS = [0.33, 0.67, 1, 2, 5];

/** What becomes of a candidate that is fine but for bursts: 5 % of the requests fail, in so many percent of the windows. */
function bursts(): Cell[] {
  return BURSTS.map((percent) =>
    cell(
      `burst ${percent}`,
      {
        plan: ERRORS_ONLY,
        world: lanes(3e-4, 3e-4, {
          of: 'candidate',
          share: percent / 100,
          windows: 1,
          fails: 0.05,
        }),
        pairs: steady('shadow', 500),
        horizon: DAY,
        ends: 'either',
      },
      30,
    ),
  );
}

export const FACTORS = [0.9, 1, 1.05, 1.2, 1.5];

/** What the tail says of a candidate that is so much slower. */
function tails(): Cell[] {
  return FACTORS.map((factor) =>
    cell(`tail ${factor}`, {
      plan: shippedPlan(),
      world: {
        errors: {
          plus: 0,
          minus: 0,
        },
        tail: tailOf(factor, 0.8),
        differs: 0,
      },
      pairs: steady('shadow', 100),
      horizon: 4e3,
      ends: 'either',
      metric: 'tail',
    }),
  );
}

/** Requests a minute, all of them pairs: what the static rules see of the candidate, the gate sees of both lanes. */
export const RATES = [20, 100, 1_000, 10_000];
const PER_MINUTE = 60_000 / WINDOW_MS;

/** The rules of the comparison. */
export const RULES = ['gate', ...(Object.keys(STATIC_RULES) as (keyof typeof STATIC_RULES)[])] as const;
export type RuleName = (typeof RULES)[number];

function rollout({ world }: Candidate, rate: number): Setting {
  const until = (window: number): number => Math.floor((window * rate) / PER_MINUTE);
  return {
    phase: 'shadow',
    plan: shippedPlan(),
    world,
    horizon: DAY,
    ends: 'either',
    pairs: (window) => ({
      shadow: until(window + 1) - until(window),
      reverse: 0,
    }),
  };
}

/** The name of a cell of the comparison. */
export function comparisonId(rate: number, candidate: Candidate, rule: RuleName): string {
  return `compare ${rate} ${CANDIDATES.indexOf(candidate)} ${rule}`;
}

/** Rare traffic takes most of a day of windows. */
const COMPARED = 60;
const COMPARED_RARE = 20;
const RARE_RATE = 20;

function comparison(): Cell[] {
  return RATES.flatMap((rate) =>
    CANDIDATES.flatMap((candidate) =>
      RULES.map((rule): Cell => {
        const setting = rollout(candidate, rate);
        return {
          id: comparisonId(rate, candidate, rule),
          stream: `rollout ${rate} ${CANDIDATES.indexOf(candidate)}`,
          reps: rate > RARE_RATE ? COMPARED : COMPARED_RARE,
          run: (dice) => (rule === 'gate' ? simulate(setting, dice) : judgeStatic(rule, setting, dice)),
        };
      }),
    ),
  );
}

/** Every cell of every table. */
export function tableCells(): Cell[] {
  return [...detection(), ...proofs(), ...whole(), ...late(), ...bursts(), ...tails(), ...comparison()];
}
