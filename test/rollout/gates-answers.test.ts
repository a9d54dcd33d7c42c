import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

function judged(state: RolloutState, ...windows: readonly (readonly Shown[])[]) {
  const evidence = windows.reduce(
    (sum, shown, index) => addWindow(sum, windowOf(index, shown), gatePlan.gates.differences),
    noEvidence(1),
  );
  return decide(gateInput({ state, evidence, nowMs: evidence.toMs }));
}

/** Whether the candidate's answers as a whole are good enough, where a margin of 0.1 or (in canary) 1 point holds. */
const well = (state: RolloutState, ...shown: readonly Shown[]) =>
  judged(state, shown).requirements.find(({ name }) => name === 'answers')?.met;
const answers = (bad: number, legacy: { requests: number; bad: number }, region = 'eu-west'): Shown => ({
  region,
  candidate: { requests: 1_000, bad },
  legacy,
});
const NONE = { requests: 0, bad: 0 };

test('the answers of the candidate may be worse by the margin, and by no more', () => {
  const legacy = { requests: 1_000, bad: 2 };
  expect([well(at('canary'), answers(12, legacy)), well(at('canary'), answers(13, legacy))]).toEqual([
    true,
    false,
  ]);
  for (const state of [at('regional', 0), at('enforce')]) {
    expect([well(state, answers(3, legacy)), well(state, answers(4, legacy))]).toEqual([true, false]);
  }
  expect(well(at('shadow'), answers(500, legacy))).toBeUndefined();
});

test('where legacy answers too few to tell, what it showed before is the measure', () => {
  const before = { ...at('canary'), legacyErrorRate: 0.005 };
  const few = { requests: 99, bad: 99 };
  expect([well(before, answers(15, few)), well(before, answers(16, few))]).toEqual([true, false]);
  expect(well(before, answers(16, { requests: 100, bad: 99 }))).toBe(true);
});

test('what is answered in another region says nothing about that of the step', () => {
  const elsewhere = answers(500, NONE, 'us-east');
  expect(well(at('regional', 0), answers(0, NONE), elsewhere)).toBe(true);
  expect(well(at('regional', 1), answers(0, NONE), elsewhere)).toBe(false);
});

test('each region trips once, and a later window trips for another one still', () => {
  const dies = (region: string): Shown => ({ region, candidate: { requests: 100, bad: 50 } });
  const windows = [[dies('eu-west')], [dies('eu-west')], [dies('us-east')], [dies('us-east')]];
  const evidence = windows.reduce(
    (sum, shown, index) => addWindow(sum, windowOf(index, shown), gatePlan.gates.differences),
    noEvidence(1),
  );
  const found = evidence.trips.map(({ region, atMs }) => [region, atMs]);
  expect(found).toEqual([
    ['eu-west', 10_000],
    ['us-east', 30_000],
  ]);
});

test('legacy does not serve what the candidate answered in its place', () => {
  const state = { ...at('enforce'), sinceMs: -100_000_000, epochSinceMs: -100_000_000 };
  const serves = (fallbacks: number) =>
    judged(state, [{ legacy: { requests: 5, fallbacks } }]).requirements.find(({ name }) => name === 'legacy')
      ?.met;
  expect([serves(5), serves(4)]).toEqual([true, false]);
});

test('copies to the candidate are no pairs of what it answered', () => {
  const copies: Shown = { error: { n: 500 }, candidate: { requests: 100, bad: 50 } };
  expect(judged(at('canary'), [copies]).reason).toBe('BREAKER');
});
