import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

const LONG_AGO = { sinceMs: -100_000_000, epochSinceMs: -100_000_000 };
const canary = { ...at('canary'), ...LONG_AGO };
const regional = { ...at('regional', 0), ...LONG_AGO };
const enforce = { ...at('enforce'), ...LONG_AGO };

/** The gates over so many windows that all show the same. */
function judged(count: number, shown: readonly Shown[], changes: Partial<GateInput>) {
  let evidence = noEvidence(1);
  for (let index = 0; index < count; index += 1) {
    evidence = addWindow(evidence, windowOf(index, shown), gatePlan.gates.differences);
  }
  return decide(gateInput({ evidence, nowMs: evidence.toMs + 1_000, ...changes }));
}

const FORTH: Shown = { error: { n: 500 }, legacy: { requests: 500 } };
const BACK: Shown = { direction: 'reverse', error: { n: 500 }, candidate: { requests: 500 } };

test('asks for no canary requests when nobody is let into the canary', () => {
  const nobody = { ...gatePlan, canary: { ...gatePlan.canary, match: [] } };
  expect(judged(1, [FORTH], { state: canary, plan: nobody }).verdict).toBe('ready');
  expect(judged(1, [FORTH], { state: canary }).reason).toBe('CANARY_REQUESTS');
});

test('counts only what the candidate answered as canary requests', () => {
  const few: Shown = { ...BACK, candidate: { requests: 19 }, legacy: { requests: 5_000 } };
  expect(judged(1, [FORTH, few], { state: canary }).reason).toBe('CANARY_REQUESTS');
  expect(judged(1, [FORTH, { ...few, candidate: { requests: 20 } }], { state: canary }).verdict).toBe(
    'ready',
  );
});

test('a copy that differs does not stop the canary, a request of the canary that differs does', () => {
  const differs = { difference: { n: 500, plus: 1 } };
  expect(judged(1, [{ ...FORTH, ...differs }, BACK], { state: canary }).verdict).toBe('ready');
  expect(judged(1, [FORTH, { ...BACK, ...differs }], { state: canary }).reason).toBe('CANARY_DIFFERENCES');
});

test('a critical route without pairs holds in canary, in regional and in shadow', () => {
  const critical = ['checkout'];
  const unpaired: Shown = { route: 'checkout', legacy: { requests: 30 }, candidate: { requests: 30 } };
  const shown = [FORTH, BACK, unpaired];
  const shadow = { ...at('shadow'), sinceMs: 0, epochSinceMs: -1_000_000 };
  for (const state of [shadow, canary, regional]) {
    expect(judged(9, shown, { state }).verdict).toBe('ready');
    expect(judged(9, shown, { state, critical })).toMatchObject({
      verdict: 'hold',
      reason: 'UNPROVEN_ROUTE',
    });
  }
});

test('a critical route that is proven in another region is not proven in that of the step', () => {
  const elsewhere: Shown = {
    route: 'checkout',
    region: 'us-east',
    error: { n: 50 },
    legacy: { requests: 50 },
  };
  const here = { ...elsewhere, region: 'eu-west' };
  const changes = { state: regional, critical: ['checkout'] };
  const report = judged(9, [FORTH, BACK, elsewhere], changes);
  expect(report).toMatchObject({ verdict: 'hold', reason: 'UNPROVEN_ROUTE' });
  expect(report.coverage.find(({ route }) => route === 'checkout')).toMatchObject({ requests: 0, pairs: 0 });
  expect(judged(9, [FORTH, BACK, here], changes).verdict).toBe('ready');
});

test('a region that was taken back holds in enforce as it does in regional', () => {
  const withdrawn = ['us-east'];
  for (const state of [regional, enforce]) {
    expect(judged(9, [BACK, { ...FORTH, legacy: { requests: 0 } }], { state }).verdict).toBe('ready');
    const report = judged(9, [BACK, { ...FORTH, legacy: { requests: 0 } }], {
      state: { ...state, withdrawn },
    });
    expect(report).toMatchObject({ verdict: 'hold', reason: 'WITHDRAWN' });
  }
});

test('nobody knows that legacy answers nobody before a window says so', () => {
  const met = (count: number) =>
    judged(count, [BACK], { state: enforce }).requirements.find(({ name }) => name === 'legacy')?.met;
  expect([met(0), met(1)]).toEqual([false, true]);
});

test('a step waits for traffic of its own region, whoever answers it', () => {
  const traffic = (shown: Shown) =>
    judged(1, [shown], { state: regional }).requirements.find(({ name }) => name === 'traffic')?.met;
  expect(traffic({ region: 'us-east', legacy: { requests: 9 }, candidate: { requests: 9 } })).toBe(false);
  expect(traffic({ candidate: { requests: 9 } })).toBe(true);
  expect(traffic({ legacy: { requests: 9 } })).toBe(true);
});
