import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

/** What a window of this kind makes of a rollout that stands there. */
function judged(state: RolloutState, ...shown: readonly Shown[]) {
  const evidence = addWindow(noEvidence(1), windowOf(0, shown), gatePlan.gates.differences);
  return decide(gateInput({ state, evidence, nowMs: evidence.toMs }));
}

const BROKEN: Shown = { direction: 'reverse', candidate: { requests: 100, bad: 50 } };
/** Too few for the breaker, enough for a proof. */
const WORSE: Shown = { direction: 'reverse', error: { n: 300, plus: 12 } };

test('takes nothing back by itself under the kill switch, which took everything back', () => {
  for (const state of [at('canary'), at('regional', 1), at('enforce')]) {
    expect(judged(state, BROKEN).action).not.toBeNull();
    expect(judged({ ...state, bypass: true }, BROKEN)).toMatchObject({ verdict: 'abort', action: null });
  }
});

test('takes nothing back in shadow, where the candidate answers nobody', () => {
  expect(judged(at('shadow'), { error: { n: 300, plus: 60 } })).toMatchObject({
    verdict: 'abort',
    action: null,
  });
});

test('leaves the others alone when copies fail in a region that has no share yet', () => {
  const copies: Shown = { region: 'us-east', error: { n: 100, plus: 60 } };
  expect(judged(at('regional', 0), copies).action).toBeNull();
  const withdrawn = { ...at('regional', 1), withdrawn: ['us-east'] };
  expect(judged(withdrawn, copies).action).toBeNull();
});

/** What eleven windows of this kind make of the last phase. */
function enforced(...shown: readonly Shown[]) {
  const evidence = Array.from({ length: 11 }, (_, index) => windowOf(index, shown)).reduce(
    (sum, window) => addWindow(sum, window, gatePlan.gates.differences),
    noEvidence(1),
  );
  return decide(gateInput({ state: at('enforce'), evidence, nowMs: evidence.toMs }));
}

test('a failure of every region goes back to where each of them sees less', () => {
  // Regional/3 leaves EU-West everything; regional/2 gives it a twentieth, and US-East a half.
  const everywhere = enforced(WORSE, { ...WORSE, region: 'us-east' });
  expect(everywhere).toMatchObject({
    reason: 'PROVEN_WORSE',
    action: { to: { phase: 'regional', step: 1 }, region: null },
  });
});

test('in enforce the one region that fails goes back alone, and the healthy ones keep everything', () => {
  const healthy: Shown = { direction: 'reverse', region: 'us-east', error: { n: 300 } };
  expect(enforced(WORSE, healthy)).toMatchObject({
    reason: 'PROVEN_WORSE',
    action: { to: { phase: 'enforce', step: 0 }, region: 'eu-west' },
  });
});

test('a region that no step names takes everybody back with it', () => {
  const action = { to: { phase: 'regional', step: 1 }, region: null };
  expect(enforced({ ...WORSE, region: 'asia' })).toMatchObject({ reason: 'PROVEN_WORSE', action });
});

test('passes over a step that leaves the region that failed as it is', () => {
  const plan = {
    ...gatePlan,
    regional: {
      ...gatePlan.regional,
      steps: [
        { region: 'eu-west', share: 0.5 },
        { region: 'eu-west', share: 0.5 },
      ],
    },
  };
  const evidence = addWindow(noEvidence(1), windowOf(0, [BROKEN]), gatePlan.gates.differences);
  const report = decide(gateInput({ state: at('regional', 1), plan, evidence, nowMs: evidence.toMs }));
  expect(report.action).toEqual({ to: { phase: 'canary', step: 0 }, region: null });
});

test('takes nothing back when everything is over', () => {
  expect(judged(at('retired'), BROKEN)).toMatchObject({ verdict: 'ready', action: null });
});
