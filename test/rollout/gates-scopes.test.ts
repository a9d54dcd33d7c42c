import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { GatePlan } from '../../src/rollout/gates/plan.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

/** The gates at a position reached long ago, over so many windows that all show the same. */
function judged(position: RolloutState, count: number, shown: readonly Shown[], plan: GatePlan = gatePlan) {
  const state = { ...position, sinceMs: -100_000_000, epochSinceMs: -100_000_000 };
  let evidence = noEvidence(1);
  for (let index = 0; index < count; index += 1) {
    evidence = addWindow(evidence, windowOf(index, shown), gatePlan.gates.differences);
  }
  return decide(gateInput({ state, plan, evidence, nowMs: evidence.toMs + 1_000 }));
}

const forth = (region: string, error: Shown['error']): Shown => ({
  region,
  ...(error === undefined ? {} : { error }),
  legacy: { requests: 500 },
});
const back = (region: string, error: Shown['error']): Shown => ({
  region,
  direction: 'reverse',
  ...(error === undefined ? {} : { error }),
  candidate: { requests: 500 },
});

test('watches enforce by the pairs of reverse shadow, and asks them for no proof', () => {
  const report = judged(at('enforce'), 11, [back('eu-west', { n: 500, plus: 12 })]);
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
  expect(report.metrics.map(({ metric, direction }) => `${metric} ${direction}`)).toEqual([
    'errorRate reverse',
    'tail reverse',
    'differences reverse',
  ]);
  expect(report.metrics.every(({ needAdvance }) => needAdvance === null)).toBe(true);
});

test('has no line in enforce when nothing is copied back', () => {
  const none = { ...gatePlan, enforce: { ...gatePlan.enforce, reverseSample: 0 } };
  expect(judged(at('enforce'), 1, [back('eu-west', { n: 500 })], none)).toMatchObject({
    verdict: 'ready',
    metrics: [],
  });
});

test('asks only the region of the step for a proof, and goes on watching the others', () => {
  const own = [forth('us-east', { n: 500 }), back('us-east', { n: 500 })];
  const report = judged(at('regional', 1), 9, own);
  expect(report).toMatchObject({ verdict: 'ready', reason: 'PROVEN' });
  const proofs = new Map(report.metrics.map(({ region, needAdvance }) => [region, needAdvance !== null]));
  expect(Object.fromEntries(proofs)).toEqual({ 'us-east': true, 'eu-west': false });
  const other = judged(at('regional', 1), 13, [...own, back('eu-west', { n: 300, plus: 2 })]);
  expect(other).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
});

test('asks for no copies to the candidate where the candidate answers everybody', () => {
  const report = judged(at('regional', 2), 9, [back('eu-west', { n: 500 })]);
  expect(report).toMatchObject({ verdict: 'ready', reason: 'PROVEN' });
  const directions = report.metrics
    .filter(({ region }) => region === 'eu-west')
    .map(({ direction }) => direction);
  expect(new Set(directions)).toEqual(new Set(['reverse']));
});

test('asks for both directions where a share is below everybody', () => {
  const report = judged(at('regional', 1), 9, [back('us-east', { n: 500 })]);
  expect(report).toMatchObject({ verdict: 'hold', reason: 'NO_PAIRS' });
});

test('names the region of the step first, wherever the plan names it', () => {
  const first = ({ step }: { step: number }) => judged(at('regional', step), 1, []).metrics[0]?.region;
  expect([first({ step: 0 }), first({ step: 1 }), first({ step: 2 })]).toEqual([
    'eu-west',
    'us-east',
    'eu-west',
  ]);
});
