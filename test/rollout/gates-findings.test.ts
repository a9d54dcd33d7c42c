import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

const BACK: Shown = { direction: 'reverse', error: { n: 300 }, candidate: { requests: 300 } };
const CLEAN: Shown = { error: { n: 500 }, legacy: { requests: 5_000 } };

function evidenceOf(...windows: (readonly Shown[])[]): Evidence {
  return windows.reduce((sum, shown, index) => addWindow(sum, windowOf(index, shown), 0.001), noEvidence(1));
}

function judged(state: RolloutState, ...windows: (readonly Shown[])[]) {
  const evidence = evidenceOf(...windows);
  const long = { ...state, sinceMs: 0, epochSinceMs: evidence.toMs - 100_000_000 };
  return decide(gateInput({ evidence, nowMs: evidence.toMs, state: long }));
}

test('a region that was taken back and goes on failing hides no failure of another one', () => {
  const state = { ...at('regional', 1), withdrawn: ['eu-west'] };
  const eu: Shown = { region: 'eu-west', error: { n: 100, plus: 90 } };
  const us: Shown = { ...BACK, region: 'us-east', error: { n: 300, plus: 100 } };
  expect(judged(state, [eu]).verdict).toBe('hold');
  expect(judged(state, [eu], [eu, us])).toMatchObject({ verdict: 'abort', action: { region: null } });
});

test('a trip with nothing to take back hides no later one that has', () => {
  const elsewhere: Shown = { region: 'mars', error: { n: 100, plus: 90 } };
  const own: Shown = { ...BACK, error: { n: 300, plus: 100 } };
  const state = at('regional', 0);
  expect(judged(state, [elsewhere])).toMatchObject({ verdict: 'abort', reason: 'BREAKER' });
  expect(judged(state, [elsewhere], [own]).action).toEqual({
    to: { phase: 'canary', step: 0 },
    region: null,
  });
});

test('the proof of one candidate is none of another that was loaded in canary', () => {
  const another = { ...at('canary'), configHash: 'b'.repeat(64) };
  expect(judged(at('canary'), [CLEAN, BACK]).verdict).toBe('ready');
  expect(judged(another, [CLEAN, BACK])).toMatchObject({ verdict: 'hold', reason: 'MIN_PAIRS' });
  expect(judged({ ...at('canary'), provenFor: null }, [CLEAN, BACK]).verdict).toBe('hold');
  expect(judged(another, ...Array.from({ length: 8 }, () => [CLEAN, BACK])).verdict).toBe('ready');
});

test('another candidate that was loaded in enforce retires nobody', () => {
  const another = { ...at('enforce'), build: '0.2.0' };
  expect(judged(at('enforce'), [BACK]).verdict).toBe('ready');
  expect(judged(another, [BACK])).toMatchObject({ verdict: 'hold', reason: 'MIN_PAIRS' });
  const blind = { ...gatePlan, enforce: { ...gatePlan.enforce, reverseSample: 0 } };
  const evidence = evidenceOf([{ candidate: { requests: 300 } }]);
  const state = { ...another, epochSinceMs: -100_000_000 };
  expect(decide(gateInput({ evidence, state, plan: blind, nowMs: evidence.toMs }))).toMatchObject({
    verdict: 'hold',
    reason: 'ANOTHER_CANDIDATE',
  });
});

test('legacy is not retired while it answers in the place of a failed candidate', () => {
  const falling: Shown = { ...BACK, candidate: { requests: 300, fallbacks: 3 } };
  expect(judged(at('enforce'), [falling]).reason).toBe('LEGACY_SERVES');
});

test('clients that give up on a candidate that hangs trip the breaker', () => {
  const hanging: Shown = { direction: 'reverse', candidate: { requests: 100, abandoned: 60 } };
  expect(judged(at('enforce'), [hanging])).toMatchObject({ verdict: 'abort', reason: 'BREAKER' });
  const everywhere: Shown = { ...hanging, legacy: { requests: 100, abandoned: 58 } };
  expect(judged(at('regional', 0), [everywhere]).reason).not.toBe('BREAKER');
});

test('what fails on both sides trips no breaker, though clients were answered badly', () => {
  const both: Shown = { direction: 'reverse', error: { n: 100 }, candidate: { requests: 100, bad: 25 } };
  expect(judged(at('canary'), [both, CLEAN]).reason).not.toBe('BREAKER');
});

test('bad answers without a pair hold the gate, and are no canary requests', () => {
  const failing: Shown = { ...BACK, candidate: { requests: 400, bad: 19 } };
  expect(judged(at('canary'), [CLEAN, failing])).toMatchObject({ verdict: 'hold', reason: 'ANSWERS' });
  const few: Shown = { direction: 'reverse', candidate: { requests: 38, bad: 19 } };
  expect(judged(at('canary'), [CLEAN, few]).requirements).toContainEqual(
    expect.objectContaining({ reason: 'CANARY_REQUESTS', met: false }),
  );
});

test('an automatic margin is never more than one percentage point', () => {
  const state = { ...at('regional', 0), legacyErrorRate: 0.5 };
  expect(judged(state, [BACK]).metrics[0]?.margin).toBe(0.01);
});

test('the newest window says whether legacy serves, in whatever order windows came', () => {
  const serving = windowOf(1, [{ ...BACK, legacy: { requests: 5 } }]);
  const silent = windowOf(2, [BACK]);
  const added = (...order: (typeof silent)[]) =>
    order.reduce((sum, window) => addWindow(sum, window, 0.001), noEvidence(1)).legacyLately;
  expect([added(serving, silent), added(silent, serving)]).toEqual([0, 0]);
});

test('a window that the store made wider trips no breaker', () => {
  const wide = { ...windowOf(0, [{ error: { n: 100, plus: 30 } }]), widthMs: 300_000 };
  expect(addWindow(noEvidence(1), wide, 0.001, 10_000).trips).toEqual([]);
  expect(addWindow(noEvidence(1), wide, 0.001, 300_000).trips).toHaveLength(1);
});

test('nothing becomes ready by waiting while the kill switch is on', () => {
  const evidence = evidenceOf([CLEAN], [CLEAN]);
  const state = { ...at('shadow'), epochSinceMs: -100_000_000 };
  const eta = (bypass: boolean) =>
    decide(gateInput({ evidence, nowMs: evidence.toMs, state: { ...state, bypass } })).etaS;
  expect(eta(false)).toBeGreaterThan(0);
  expect(eta(true)).toBeNull();
});
