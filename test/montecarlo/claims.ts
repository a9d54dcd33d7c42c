import type { Dice } from './dice.ts';
import { p99Holds } from './p99.ts';
import { judgeBy } from './rivals.ts';
import type { RIVALS } from './rivals.ts';
import { longest, shippedPlan, steady } from './setting.ts';
import type { Setting } from './setting.ts';
import { simulate } from './simulate.ts';
import type { Outcome } from './simulate.ts';
import type { Incidents, World } from './worlds.ts';

/** A promise about how often something happens. */
export interface Claim {
  readonly id: string;
  /** What happens in a run that counts. */
  readonly event: 'ready' | 'abort';
  /** `most`: its believable share is at most so much; `least`: a control that must fail; null: told, not promised. */
  readonly bound: { readonly most: number } | { readonly least: number } | null;
  readonly horizonWindows: number;
  readonly pairsPerWindow: number;
  /** Part of the repetitions that is enough: long phases have many windows. */
  readonly effort: number;
  readonly run: (dice: Dice) => Outcome;
}

/** 50 pairs a second: 500 requests a second, a tenth of them copied. */
const PAIRS = 500;
const MARGIN = 0.001;
const TAIL_MARGIN = 0.005;

/** A lane alone is beyond legacy's p99 in half a hundredth of the requests: correlation 0.8 between the lanes' times. */
const TAIL = { plus: 0.005, minus: 0.005 };
const FAR: Readonly<Record<string, unknown>> = { margin: '50pp' };

/** Failures below what the breaker takes for an incident: a tenth of the requests would trip it, whatever they prove. */
const BURST = 0.05;
const BOTH: Incidents = { of: 'both', share: 0.003, windows: 1, fails: 0.3, slow: 0.3 };
const EACH: Incidents = { of: 'each', share: 0.01, windows: 1, fails: BURST, slow: BURST };

/**
 * Nothing is worse, as closely as can be: errors and slow answers come to either lane alike, and pairs differ exactly as
 * often as is tolerated. What the candidate alone fails at differs, too, so the rest may differ that much less.
 */
function healthy(errors: number, incidents?: Incidents): World {
  const struck = incidents === undefined ? 0 : incidents.share * incidents.windows * incidents.fails;
  const alone = incidents?.of === 'both' ? struck * (1 - incidents.fails) : struck;
  const differs = Math.max(0, MARGIN - errors - alone);
  const world = { errors: { plus: errors, minus: errors }, tail: TAIL, differs };
  return incidents === undefined ? world : { ...world, incidents };
}

const HEALTHY: Readonly<Record<string, World>> = {
  independent: healthy(0.0005),
  'common cause': healthy(0.0003, BOTH),
  'one-window bursts': healthy(0.0005, EACH),
};

type Phase = Setting['phase'];

/** False aborts of one phase over its longest time. @param effort a whole phase has many windows */
function falseAborts(phase: Phase, effort: number, maxDuration: string | null): Claim[] {
  const plan = maxDuration === null ? shippedPlan() : shippedPlan({ [phase]: { maxDuration, dwell: '0s' } });
  const horizon = longest(phase, plan);
  // Canary traffic is little, a region's half of the users is not.
  const pairs = steady(phase, PAIRS, phase === 'canary' ? 20 : PAIRS);
  return Object.entries(HEALTHY).map(([name, world]) =>
    gateClaim(`false abort, ${phase}, ${name}`, 'abort', { most: 0.01 }, effort, {
      phase,
      plan,
      world,
      pairs,
      horizon,
      ends: 'abort',
    }),
  );
}

type Metric = NonNullable<Setting['metric']>;

/** The metric at its margin while the others are far within theirs. */
function atMargin(metric: Metric, world: World, name: string, horizon: number): Claim {
  // Bursts are the bake's to find; where there is none, the proof of pairs has to hold without it.
  const bake = world.incidents?.of === 'candidate' ? {} : { badWindows: '99%' };
  const own = metric === 'errorRate' ? { margin: '0.1pp' } : {};
  const gates = { errorRate: FAR, tail: FAR, differences: FAR, [metric]: own, bake };
  const plan = shippedPlan({ gates, shadow: { dwell: '0s' } });
  return gateClaim(`false advance, ${metric} at its margin, ${name}`, 'ready', { most: 0.05 }, 1, {
    phase: 'shadow',
    plan,
    world,
    pairs: steady('shadow', PAIRS),
    horizon,
    ends: 'proof',
  });
}

/** As often as not more than `share` of the windows may be bad, and as much as makes the mean excess the margin. */
function inBursts(excess: number, share: number): Incidents {
  const each = excess / share;
  return { of: 'candidate', share, windows: 1, fails: each, slow: each };
}

function falseAdvances(horizon: number): Claim[] {
  const good = { errors: { plus: 0.0005, minus: 0.0005 }, tail: TAIL, differs: 0 };
  const worse = { ...good, errors: { plus: 0.0005 + MARGIN, minus: 0.0005 } };
  const slower = { ...good, tail: { plus: TAIL.plus + TAIL_MARGIN, minus: TAIL.minus } };
  const quiet = { ...good, errors: { plus: 0, minus: 0 } };
  const at = (metric: Metric, name: string, world: World) => atMargin(metric, world, name, horizon);
  return [
    at('errorRate', 'independent', worse),
    at('errorRate', 'common cause', { ...worse, incidents: { ...BOTH, slow: 0 } }),
    at('errorRate', 'one-window bursts', { ...good, incidents: inBursts(MARGIN, 0.02) }),
    at('tail', 'independent', slower),
    at('tail', 'common cause', { ...slower, incidents: { ...BOTH, fails: 0 } }),
    at('differences', 'independent', { ...quiet, differs: MARGIN }),
  ];
}

/** What is worth knowing and no promise. */
function told(horizon: number): Claim[] {
  const plan = shippedPlan({ gates: { differences: FAR } });
  const base = { phase: 'shadow', plan, pairs: steady('shadow', PAIRS), horizon } as const;
  const good = healthy(0.0005);
  const abort = (name: string, world: World, over: Partial<Setting> = {}) =>
    gateClaim(`told: abort, ${name}`, 'abort', null, 0.2, { ...base, world, ends: 'abort', ...over });
  const advance = (name: string, incidents: Incidents, over: Partial<Setting> = {}) =>
    gateClaim(`told: advance, ${name}`, 'ready', null, 0.2, {
      ...base,
      world: { ...good, differs: 0, incidents },
      ends: 'proof',
      ...over,
    });
  return [
    abort('ten-window bursts of either lane', { ...good, incidents: { ...EACH, windows: 10 } }),
    abort('errors of 0.2 % on each lane by themselves', healthy(0.002), { plan: shippedPlan() }),
    advance('at the margin in bursts of 0.33 % of the windows', inBursts(MARGIN, 0.0033)),
    advance('at the margin in bursts of 2 % of the windows, without the bake', inBursts(MARGIN, 0.02), {
      metric: 'errorRate',
    }),
  ];
}

/** Rules that must be found out. */
function controls(horizon: number): Claim[] {
  const plan = shippedPlan();
  const base = { phase: 'shadow', plan, pairs: steady('shadow', PAIRS), horizon, ends: 'abort' } as const;
  const worse = { ...healthy(0.0005), errors: { plus: 0.0015, minus: 0.0005 } };
  const control = (name: string, rule: keyof typeof RIVALS, world: World): Claim => ({
    ...gateClaim(`control: ${name}`, 'abort', { least: 0.3 }, 1, { ...base, world }),
    run: (dice) => judgeBy(rule, { ...base, world }, dice),
  });
  return [
    control('a z test at every look aborts what is no worse', 'zAbort', healthy(0.0005)),
    control('a z test at every look advances what is at the margin', 'zAdvance', worse),
    control('an abort by requests fires at bursts', 'perRequest', healthy(0.0005, EACH)),
  ];
}

function gateClaim(
  id: string,
  event: Claim['event'],
  bound: Claim['bound'],
  effort: number,
  setting: Setting,
): Claim {
  const { horizon: horizonWindows, pairs } = setting;
  const run = (dice: Dice): Outcome => simulate(setting, dice);
  return { id, event, bound, effort, horizonWindows, pairsPerWindow: pairs(0).shadow, run };
}

/** The true delta of the p99 lies outside of the interval that is shown, at one of the looks at the least. */
function missedDeltas(effort: number, looks: readonly number[]): Claim[] {
  return [1, 1.2].map((factor) => ({
    id: `p99 delta missed, times x ${factor}`,
    event: 'abort',
    bound: { most: 0.05 },
    effort,
    horizonWindows: looks.length,
    pairsPerWindow: looks[0] ?? 0,
    run: (dice) => p99Holds({ factor, looks }, dice),
  }));
}

/**
 * Every claim over the whole of each phase's longest time.
 * @param maxDuration as it is configured; null: the default, a day in shadow, three in canary, fourteen in `regional`
 */
export function fullClaims(maxDuration: string | null = null): Claim[] {
  const shadow = maxDuration === null ? {} : { shadow: { maxDuration, dwell: '0s' } };
  const whole = longest('shadow', shippedPlan(shadow));
  return [
    ...controls(longest('shadow', shippedPlan())),
    ...missedDeltas(0.5, [2_000, 5_000, 10_000, 20_000]),
    ...falseAborts('shadow', 3, maxDuration),
    ...falseAdvances(whole),
    ...told(whole),
    ...falseAborts('canary', 2, maxDuration),
    ...falseAborts('regional', 2, maxDuration),
  ];
}

/** The same claims of phases that are configured to be short, for every run of the tests. */
export function quickClaims(): Claim[] {
  const day = longest('shadow', shippedPlan());
  return [
    ...controls(day / 3),
    ...missedDeltas(1, [2_000, 5_000]),
    ...falseAborts('shadow', 1, '10m'),
    // No bursts here: the bake takes longer than that.
    ...falseAdvances(120).filter(({ id }) => !id.includes('bursts')),
  ];
}
