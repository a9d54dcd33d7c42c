import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Metric } from '../../src/rollout/gates/types.ts';
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

/** So many windows that all show the same. */
const times = (count: number, ...shown: Shown[]) => Array.from({ length: count }, () => shown);
const failing = (plus: number, minus = 0): Shown => ({ error: { n: 1_000, plus, minus } });
const slow = (plus: number): Shown => ({ error: { n: 1_000 }, tail: { plus } });
const differing = (plus: number, minus = 0): Shown => ({
  error: { n: 1_000 },
  difference: { n: 1_000, plus, minus },
});
const lineOf = (report: ReturnType<typeof judged>, metric: Metric) =>
  report.metrics.find((line) => line.metric === metric);

test('each line looked at makes an abort harder: what is enough for two tests of one is not for those of three', () => {
  const almost = judged(times(10, failing(8)));
  const line = lineOf(almost, 'errorRate');
  expect(line?.logAbort).toBeGreaterThan(Math.log(200));
  expect(line?.logAbort).toBeLessThan(Math.log(600));
  expect(line?.needAbort).toBeCloseTo(Math.log(600), 9);
  expect(almost.verdict).not.toBe('abort');
  expect(judged(times(11, failing(8))).reason).toBe('PROVEN_WORSE');
});

test('twelve lines of two regions need four times the evidence that three need', () => {
  const { metrics } = judged([[failing(1)]], { state: at('regional', 1) });
  expect(metrics).toHaveLength(12);
  for (const { needAbort } of metrics) expect(needAbort).toBeCloseTo(Math.log(2_400), 9);
});

test('an incident of one window proves nothing, however many requests it has', () => {
  const report = judged([...times(3, failing(0)), [failing(90)], ...times(3, failing(0))]);
  expect(report.verdict).not.toBe('abort');
  expect(lineOf(report, 'errorRate')?.logAbort).toBeLessThan(1);
});

test('an abort stays when what comes later speaks for the candidate', () => {
  const report = judged([...times(11, failing(3)), ...times(30, failing(0, 40))]);
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
  expect(lineOf(report, 'errorRate')?.estimate).toBeLessThan(0);
  // What was looked at in time is no proof any more when it comes after what speaks for the candidate.
  expect(judged([...times(30, failing(0, 40)), ...times(11, failing(3))]).verdict).not.toBe('abort');
});

test('what became worse after a long good time is seen without that time paying for it', () => {
  const late = judged([...times(2_000, failing(0, 1)), ...times(30, failing(3))]);
  expect(late).toMatchObject({ verdict: 'abort', reason: 'BECAME_WORSE' });
  expect(late.message).toContain('became worse in the last windows');
  const line = lineOf(late, 'errorRate');
  expect(line?.logAbort).toBeLessThan(line?.needAbort ?? 0);
  // Twice the windows of the longest time in shadow (24 h of 10 s), over one false abort in a hundred, of three lines.
  expect(line?.needAlarm).toBeCloseTo(Math.log((3 * 2 * 8_640) / 0.01), 9);
});

test('watches a phase without an end for an alarm that is false once in a hundred thousand windows', () => {
  const { metrics } = judged([[{ ...failing(1), direction: 'reverse' }]], { state: at('enforce') });
  expect(metrics[0]?.needAlarm).toBeCloseTo(Math.log(3 * 100_000), 9);
});

test('aborts a candidate whose answers are slow more often than those of legacy', () => {
  const report = judged(times(11, slow(20)));
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
  expect(report.message).toContain("220 were slower than legacy's p99 where legacy was not");
  expect(lineOf(judged(times(11, slow(0))), 'tail')).toMatchObject({ verdict: 'ready', margin: 0.005 });
});

test('differences are held against the share that is tolerated, not against none', () => {
  const tolerated = judged(times(100, differing(1)));
  expect(tolerated.verdict).not.toBe('abort');
  expect(lineOf(tolerated, 'differences')?.logAbort).toBeCloseTo(0, 9);
  expect(judged(times(11, differing(3)))).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
});

test('nothing makes up for a pair that differs', () => {
  const report = judged(times(11, differing(11, 11)));
  expect(report.verdict).toBe('abort');
  expect(lineOf(report, 'differences')).toMatchObject({ plus: 121, minus: 0, estimate: 0.011 });
});

test('names the route that speaks against the candidate most, where there are several', () => {
  const shown: Shown[] = [
    { route: 'orders', error: { n: 500, plus: 4 } },
    { route: 'users', error: { n: 500, plus: 1 } },
  ];
  const report = judged(times(11, ...shown));
  expect(lineOf(report, 'errorRate')?.culprit).toBe('orders');
  expect(report.message).toMatch(/in 11,000 pairs, most of all on route orders$/);
  expect(lineOf(judged(times(11, failing(5))), 'errorRate')?.culprit).toBeNull();
});

test('the share of differences is never said to lie below zero, the excess of errors may', () => {
  const report = judged([[{ error: { n: 500 } }]]);
  expect(lineOf(report, 'differences')?.interval?.[0]).toBe(0);
  expect(lineOf(report, 'errorRate')?.interval?.[0]).toBeLessThan(0);
});

test('tells how long the least number of pairs takes, when the margin alone would be proven', () => {
  const margins = { errorRate: 0.05, tail: 0.05, differences: 0.05 };
  const plan = { ...gatePlan, gates: { ...gatePlan.gates, ...margins } };
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
