import { expect, test } from 'vitest';
import { diceOf } from './dice.ts';
import { shippedPlan, steady } from './setting.ts';
import type { Setting } from './setting.ts';
import { simulate } from './simulate.ts';
import type { World } from './worlds.ts';

const FAR = { margin: '50pp' };
const TAIL = { plus: 0.006, minus: 0.006 };
const fine: World = { errors: { plus: 0.0005, minus: 0.0005 }, tail: TAIL, differs: 0 };
const worse: World = { ...fine, errors: { plus: 0.006, minus: 0.0005 } };
const plan = shippedPlan({
  gates: { differences: FAR, bake: { badWindows: '10%' } },
  shadow: { dwell: '2m' },
});
const setting: Setting = {
  phase: 'shadow',
  plan,
  world: fine,
  pairs: steady('shadow', 200),
  horizon: 120,
  ends: 'either',
};

const SETTINGS: readonly (readonly [string, Setting])[] = [
  ['one that nothing is wrong with', setting],
  ['one that is worse', { ...setting, world: worse }],
  ['one that becomes worse', { ...setting, ends: 'abort', later: { after: 60, world: worse } }],
  [
    'one at the margin',
    { ...setting, ends: 'proof', world: { ...fine, errors: { plus: 0.0015, minus: 0.0005 } } },
  ],
  [
    'a canary',
    { ...setting, phase: 'canary', ends: 'abort', pairs: steady('canary', 200, 20), world: worse },
  ],
  ['one metric', { ...setting, metric: 'tail', horizon: 60 }],
];

test.each(SETTINGS)('ends a rollout as it would with a look after every window: %s', (_, asked) => {
  for (let run = 0; run < 2; run += 1) {
    expect(simulate(asked, diceOf(11, run))).toEqual(simulate(asked, diceOf(11, run), 'all'));
  }
});

test('lets a rollout end in every way, and repeats it', () => {
  const outcome = (asked: Setting) => simulate(asked, diceOf(5));
  expect(outcome(setting)).toEqual(outcome(setting));
  expect(outcome(setting).verdict).toBe('ready');
  expect(outcome({ ...setting, world: worse })).toMatchObject({ verdict: 'abort', by: 'errorRate' });
  expect(outcome({ ...setting, horizon: 5 })).toMatchObject({ verdict: 'none', windows: 5, pairs: 1_000 });
  const broken: World = { ...fine, errors: { plus: 0.5, minus: 0 } };
  expect(outcome({ ...setting, world: broken })).toMatchObject({
    verdict: 'abort',
    by: 'breaker',
    windows: 1,
  });
});
