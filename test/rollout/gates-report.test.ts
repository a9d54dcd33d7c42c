import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

/** The gates of a rollout that came into shadow so long ago, over so many windows that all show the same. */
function judged(
  count: number,
  shown: readonly Shown[],
  { ageMs = 1_000_000, ...changes }: Partial<GateInput> & { ageMs?: number } = {},
) {
  let evidence = noEvidence(1);
  for (let index = 0; index < count; index += 1) {
    evidence = addWindow(evidence, windowOf(100 + index, shown), gatePlan.gates.differences);
  }
  const { toMs } = evidence;
  const state: RolloutState = { ...at('shadow'), sinceMs: toMs - ageMs, epochSinceMs: toMs - ageMs };
  return decide(gateInput({ state, evidence, nowMs: toMs, ...changes }));
}

const CLEAN: Shown = { error: { n: 500 }, legacy: { requests: 500 } };
const DWELL_MS = 900_000;

test('names the worst of the lines that are shown to be worse', () => {
  const said = (errors: number, differences: number) =>
    judged(25, [{ error: { n: 1_000, plus: errors }, difference: { n: 1_000, plus: differences } }]).message;
  // Both are shown to be worse by then: the one in half of its windows' weight, the other in all of it.
  expect(said(1, 50)).toContain('1,250 differ');
  expect(said(19, 2)).toContain('475 failed where legacy did not');
});

test('passes on where a person must agree, and where it moves on by itself', () => {
  const left = { approval: true, automatic: true };
  const plan = {
    ...gatePlan,
    regional: { ...gatePlan.regional, ...left },
    shadow: { ...gatePlan.shadow, ...left },
  };
  const when = (state: RolloutState, more: Partial<GateInput> = {}) => {
    const { approval, automatic } = judged(1, [CLEAN], { state, ...more });
    return [approval, automatic];
  };
  expect(when(at('regional'), { plan })).toEqual([true, true]);
  expect(when(at('shadow'), { plan })).toEqual([true, true]);
  expect(when(at('canary'), { plan })).toEqual([false, false]);
  expect(when(at('enforce'), { plan })).toEqual([false, false]);
  expect(when(at('regional'))).toEqual([false, false]);
});

test('takes as long as the slowest of all that is missing, a proof or the dwell time', () => {
  const proofS = (3_586 - 1_500) / 50;
  expect(judged(3, [CLEAN], { ageMs: DWELL_MS - 10_000 }).etaS).toBeCloseTo(proofS, 6);
  expect(judged(3, [CLEAN], { ageMs: DWELL_MS - 500_000 }).etaS).toBeCloseTo(500, 6);
  expect(judged(8, [CLEAN], { ageMs: DWELL_MS - 10_000 }).etaS).toBeCloseTo(10, 6);
});

test('takes nobody knows how long as soon as one thing has no end in sight', () => {
  const open = { critical: ['checkout'], ageMs: DWELL_MS - 10_000 };
  expect(judged(8, [CLEAN], open)).toMatchObject({ verdict: 'hold', etaS: null });
  const equal: Shown = { ...CLEAN, error: { n: 500, plus: 1, minus: 0 }, difference: { n: 500 } };
  const report = judged(8, [equal], { ageMs: DWELL_MS - 10_000 });
  expect(report.metrics.find(({ metric }) => metric === 'errorRate')?.etaS).toBeNull();
  expect(report.etaS).toBeNull();
});

test('says first what time alone does not mend', () => {
  const early = { ageMs: DWELL_MS - 10_000 };
  expect(judged(8, [CLEAN], early).reason).toBe('DWELL');
  expect(judged(8, [CLEAN], { ...early, critical: ['checkout'] }).reason).toBe('UNPROVEN_ROUTE');
  expect(judged(3, [CLEAN], early).reason).toBe('NOT_PROVEN');
  expect(judged(3, [CLEAN], { ...early, critical: ['checkout'] }).reason).toBe('UNPROVEN_ROUTE');
});

test('does not call it invalid that nothing comes in under the kill switch', () => {
  const state = { ...at('shadow'), sinceMs: 0, epochSinceMs: 0 };
  const late = { nowMs: 5_000_000 };
  expect(judged(8, [CLEAN], { ...late, state })).toMatchObject({ verdict: 'invalid', reason: 'STALE' });
  expect(judged(8, [CLEAN], { ...late, state: { ...state, bypass: true } })).toMatchObject({
    verdict: 'hold',
    reason: 'BYPASSED',
  });
});

test('tells how many pairs came in a second, of both directions together', () => {
  expect(judged(3, [CLEAN]).pairsPerSecond).toBe(50);
  expect(judged(4, [CLEAN, { ...CLEAN, direction: 'reverse', error: { n: 100 } }]).pairsPerSecond).toBe(60);
  expect(judged(0, []).pairsPerSecond).toBeNull();
});
