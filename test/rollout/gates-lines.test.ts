import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

const LONG_AGO = { sinceMs: -1_000_000, epochSinceMs: -1_000_000 };

/** The gates over windows that have just ended: in shadow unless said otherwise. */
function judged(windows: readonly (readonly Shown[])[], changes: Partial<GateInput> = {}) {
  const evidence = windows.reduce(
    (sum, shown, index) => addWindow(sum, windowOf(index, shown), gatePlan.gates.differences),
    noEvidence(1),
  );
  const state = { ...at('shadow'), ...LONG_AGO };
  return decide(gateInput({ state, evidence, nowMs: evidence.toMs + 1_000, ...changes }));
}

const failing = (plus: number): Shown => ({ error: { n: 1_000, plus }, legacy: { requests: 1_000 } });
const differing = (plus: number, minus = 0): Shown => ({
  error: { n: 1_000 },
  difference: { n: 1_000, plus, minus },
});
const lineOf = (report: ReturnType<typeof judged>, metric: 'errorRate' | 'differences') =>
  report.metrics.find((line) => line.metric === metric);

test('each line looked at makes an abort harder: a hundred to one is not enough for two lines', () => {
  const almost = judged([[failing(8)]]);
  const line = lineOf(almost, 'errorRate');
  expect(line?.logAbort).toBeGreaterThan(Math.log(100));
  expect(line?.logAbort).toBeLessThan(Math.log(200));
  expect(line?.needAbort).toBeCloseTo(Math.log(200), 9);
  expect(almost.verdict).not.toBe('abort');
  expect(judged([[failing(9)]]).reason).toBe('PROVEN_WORSE');
});

test('ten lines of two regions, those of the cohorts among them, need ten times the evidence that one needs', () => {
  const { metrics } = judged([[failing(1)]], { state: at('regional', 1) });
  expect(metrics).toHaveLength(8);
  for (const { needAbort } of metrics) expect(needAbort).toBeCloseTo(Math.log(1_000), 9);
});

test('an abort stays when what comes later speaks for the candidate', () => {
  const forIt: Shown = { error: { n: 1_000, minus: 40 } };
  const report = judged([[failing(9)], [forIt], [forIt]]);
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
  expect(lineOf(report, 'errorRate')?.estimate).toBeLessThan(0);
  // What was counted by then is no proof any more when it comes at once.
  expect(judged([[{ error: { n: 3_000, plus: 9, minus: 80 } }]]).verdict).not.toBe('abort');
});

test('differences are held against the share that is tolerated, not against none', () => {
  const tolerated = judged([[differing(9)]]);
  expect(tolerated.verdict).not.toBe('abort');
  expect(lineOf(tolerated, 'differences')?.logAbort).toBeLessThan(
    lineOf(judged([[failing(9)]]), 'errorRate')?.logAbort ?? 0,
  );
  expect(judged([[differing(11)]])).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
});

test('nothing makes up for a pair that differs', () => {
  const report = judged([[differing(11, 11)]]);
  expect(report.verdict).toBe('abort');
  expect(lineOf(report, 'differences')).toMatchObject({ plus: 11, minus: 0, estimate: 0.011 });
});

test('the share of differences is never said to lie below zero, the excess of errors may', () => {
  const report = judged([[{ error: { n: 500 } }]]);
  expect(lineOf(report, 'differences')?.interval?.[0]).toBe(0);
  expect(lineOf(report, 'errorRate')?.interval?.[0]).toBeLessThan(0);
});

test('tells how long the least number of pairs takes, when the margin alone would be proven', () => {
  const plan = { ...gatePlan, gates: { ...gatePlan.gates, errorRate: 0.05, differences: 0.05 } };
  for (const line of judged([[{ error: { n: 500 } }]], { plan }).metrics) {
    expect(line).toMatchObject({ reason: 'MIN_PAIRS' });
    expect(line.etaS).toBeCloseTo(10, 9);
  }
});

test('tolerates one point of errors in canary, and what was configured where it was', () => {
  const canary = { ...at('canary'), ...LONG_AGO };
  expect(lineOf(judged([[]], { state: canary }), 'errorRate')?.margin).toBe(0.01);
  const plan = { ...gatePlan, gates: { ...gatePlan.gates, errorRate: 0.002 } };
  expect(lineOf(judged([[]], { state: canary, plan }), 'errorRate')?.margin).toBe(0.002);
});
