import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

const plan = { ...gatePlan, gates: { ...gatePlan.gates, badWindows: 'auto' } } as const;

/** The gates over so many windows of each kind, at a position reached long ago. */
function judged(
  parts: readonly (readonly [count: number, ...Shown[]])[],
  position: RolloutState = at('shadow'),
) {
  let evidence = noEvidence(1);
  let index = 0;
  for (const [count, ...shown] of parts) {
    for (let each = 0; each < count; each += 1)
      evidence = addWindow(evidence, windowOf((index += 1), shown), gatePlan.gates.differences);
  }
  const state = { ...position, sinceMs: -2e7, epochSinceMs: -2e7 };
  return decide(gateInput({ state, plan, evidence, nowMs: evidence.toMs }));
}

const bakes = (report: ReturnType<typeof judged>) =>
  report.requirements.filter(({ name }) => name === 'bake');
const CLEAN: Shown = { error: { n: 500 } };
const BURST: Shown = { error: { n: 500, plus: 45 } };

test('wants 357 windows without a burst, though the pairs of ten would prove the margins', () => {
  const early = judged([[356, CLEAN]]);
  expect(early).toMatchObject({ verdict: 'hold', reason: 'BAKE', etaS: 10 });
  expect(early.metrics.every(({ verdict }) => verdict === 'ready')).toBe(true);
  expect(judged([[357, CLEAN]]).verdict).toBe('ready');
});

test('does not let a candidate go on whose errors are rare and come in bursts, while their mean is within the margin', () => {
  // 45 failures in 100 windows of 500 pairs are 0.09 points, below the margin of 0.1 and far below its own limit of bursts.
  const parts = Array.from({ length: 6 }, () => [[99, CLEAN] as const, [1, BURST] as const]).flat();
  const report = judged(parts);
  expect(report.verdict).toBe('hold');
  expect(bakes(report)[0]).toMatchObject({ met: false, reason: 'BAKE', etaS: null });
  expect(bakes(report)[0]?.message).toBe(
    '6 of 600 windows had a burst of errors, 0 one of legacy (shadow); not to be shown below 1.00 % as things go',
  );
});

test('what happens to both lanes in one moment is no burst of the candidate', () => {
  const incident: Shown = { error: { n: 500, plus: 45, minus: 45 } };
  expect(
    bakes(
      judged([
        [350, CLEAN],
        [7, incident],
      ]),
    )[0]?.met,
  ).toBe(true);
});

test('windows with too few pairs are added up, and do not prove by their number', () => {
  const report = judged([[400, { error: { n: 1 } }]]);
  expect(bakes(report)[0]?.message).toContain('0 of 8 windows');
});

test('asks live traffic for half of the bad windows, in each direction that is proven', () => {
  const back: Shown = { ...CLEAN, direction: 'reverse', candidate: { requests: 500 } };
  const first = { ...at('regional', 0) };
  expect(bakes(judged([[715, CLEAN, back]], first)).map(({ met }) => met)).toEqual([false, false]);
  expect(bakes(judged([[716, CLEAN, back]], first)).map(({ met }) => met)).toEqual([true, true]);
  expect(bakes(judged([[1, CLEAN, back]], at('canary')))).toEqual([]);
});
