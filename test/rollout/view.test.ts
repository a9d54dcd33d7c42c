import { expect, test } from 'vitest';
import { exposureAt, raisedRegion, rolloutView, shareOf } from '../../src/rollout/view.ts';
import { at, inShadow, plan } from './fixtures.ts';

const tauUs = { api: 250_000 };

test('shows live traffic nothing of the candidate in shadow, and copies the sample', () => {
  expect(rolloutView(inShadow, plan, tauUs)).toEqual({
    phase: 'shadow',
    bypass: false,
    epoch: 1,
    sample: 0.1,
    reverseSample: 0,
    canary: [],
    shares: {},
    salt: 42,
    tauUs,
  });
});

test('lets the canary match in canary and keeps it there through regional', () => {
  for (const state of [at('canary'), at('regional', 1)]) {
    expect(rolloutView(state, plan, {})).toMatchObject({
      canary: plan.canary.match,
      sample: 0.1,
      reverseSample: 1,
    });
  }
  expect(rolloutView(at('canary'), plan, {}).shares).toEqual({});
});

test('adds steps up: a later step of a region replaces its share, the others keep theirs', () => {
  expect(rolloutView(at('regional', 0), plan, {}).shares).toEqual({ 'eu-west': 0.05 });
  expect(rolloutView(at('regional', 1), plan, {}).shares).toEqual({ 'eu-west': 0.05, 'us-east': 0.5 });
  expect(rolloutView(at('regional', 2), plan, {}).shares).toEqual({ 'eu-west': 1, 'us-east': 0.5 });
});

test('shows no region more than is stored, whatever plan made the state', () => {
  const stored = at('regional', 0);
  const steeper = { ...plan, regional: { steps: [{ region: 'us-east', share: 0.6 }] } };
  expect(rolloutView(stored, steeper, {}).shares).toEqual({ 'us-east': 0 });
  const larger = { ...plan, regional: { steps: [{ region: 'eu-west', share: 0.2 }] } };
  expect(rolloutView(stored, larger, {}).shares).toEqual({ 'eu-west': 0.05 });
  const smaller = { ...plan, regional: { steps: [{ region: 'eu-west', share: 0.01 }] } };
  expect(rolloutView(stored, smaller, {}).shares).toEqual({ 'eu-west': 0.01 });
  const withdrawn = { ...at('enforce'), withdrawn: ['us-east'], shares: { 'eu-west': 1, 'us-east': 0 } };
  const other = { ...plan, regional: { steps: [{ region: 'ap-south', share: 1 }] } };
  expect(rolloutView(withdrawn, other, {}).shares).toEqual({ 'ap-south': 1, 'us-east': 0 });
});

test('gives the candidate everything from enforce on, with copies back only in enforce', () => {
  const enforced = rolloutView(at('enforce'), plan, {});
  expect(enforced).toMatchObject({ sample: 0, reverseSample: 0.01, shares: { 'eu-west': 1, 'us-east': 1 } });
  expect(rolloutView(at('retired'), plan, {})).toMatchObject({ sample: 0, reverseSample: 0, canary: [] });
  expect(shareOf(exposureAt(at('enforce'), plan), 'asia')).toBe(1);
  expect(shareOf(exposureAt(at('regional', 2), plan), 'asia')).toBe(0);
});

test('sends nothing to the candidate and no copies anywhere under the kill switch, in every phase', () => {
  for (const phase of ['shadow', 'canary', 'regional', 'enforce', 'retired'] as const) {
    const view = rolloutView({ ...at(phase), bypass: true }, plan, tauUs);
    expect(view).toMatchObject({ bypass: true, sample: 0, reverseSample: 0, canary: [], shares: {} });
  }
});

test('keeps a region named like an object property apart', () => {
  const odd = { ...plan, regional: { steps: [{ region: '__proto__', share: 0.3 }] } };
  const stored = { ...at('regional', 0), shares: exposureAt(at('regional', 0), odd).regions };
  const { shares } = rolloutView(stored, odd, {});
  expect(Object.keys(shares)).toEqual(['__proto__']);
  expect(shareOf({ regions: shares, rest: 0 }, '__proto__')).toBe(0.3);
  expect(shareOf({ regions: {}, rest: 0 }, 'constructor')).toBe(0);
});

test('names the region in which a move would show more of the candidate', () => {
  const falling = {
    ...plan,
    regional: {
      steps: [
        { region: 'a', share: 1 },
        { region: 'a', share: 0.1 },
      ],
    },
  };
  expect(raisedRegion(at('regional', 1), at('regional', 0), falling)).toBe('a');
  expect(raisedRegion(at('regional', 1), at('canary'), falling)).toBeNull();
});
