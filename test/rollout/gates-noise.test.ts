import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { GateReport } from '../../src/rollout/gates/types.ts';
import { noNoise } from '../../src/telemetry/noise-cell.ts';
import type { Joint } from '../../src/telemetry/types.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';

/** Half of the pairs of eleven windows differ; with a noise leg, so do these triples. */
function judged(unexplained: Joint | null): GateReport {
  let evidence = noEvidence(1);
  for (let index = 0; index < 11; index += 1) {
    const window = windowOf(index, [{ error: { n: 2_000 }, difference: { plus: 1_000 } }]);
    const noise = unexplained === null ? undefined : { ...noNoise(), unexplained };
    const copies = window.copies.map((counts) => ({ ...counts, noise }));
    evidence = addWindow(evidence, { ...window, copies }, 0.001, window.widthMs, unexplained !== null);
  }
  return decide(gateInput({ evidence, nowMs: evidence.toMs + 1_000 }));
}

const differences = (report: GateReport) => report.metrics.find(({ metric }) => metric === 'differences');

test('pairs that differ as legacy does from itself abort nothing, and without a noise leg they do', () => {
  expect(judged(null).verdict).toBe('abort');
  const noisy = judged({ n: 2_000, plus: 20, minus: 20 });
  expect(noisy.verdict).toBe('hold');
  expect(differences(noisy)).toMatchObject({
    n: 22_000,
    plus: 220,
    minus: 220,
    estimate: 0,
    reason: 'NOT_PROVEN',
  });
  expect(differences(noisy)?.interval?.[0]).toBeLessThan(0);
});

test('a field that is different in every answer, of both, is proven to be no excess', () => {
  const report = judged({ n: 2_000, plus: 0, minus: 0 });
  expect(differences(report)).toMatchObject({ verdict: 'ready', reason: 'PROVEN' });
});

test('what the candidate shows beside the noise aborts', () => {
  const report = judged({ n: 2_000, plus: 40, minus: 15 });
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
});

test('a second legacy that gives no answer proves nothing, for either side', () => {
  const report = judged({ n: 0, plus: 0, minus: 0 });
  expect(differences(report)).toMatchObject({ verdict: 'hold', reason: 'NO_PAIRS' });
});

test('windows of before, without noise legs, are judged as they were', () => {
  const window = windowOf(0, [{ error: { n: 2_000 }, difference: { plus: 3 } }]);
  const evidence = addWindow(noEvidence(1), window, gatePlan.gates.differences);
  expect(JSON.stringify(evidence)).not.toContain('unexplained');
});
