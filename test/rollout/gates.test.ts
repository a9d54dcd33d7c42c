import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

const CLEAN: Shown = { error: { n: 500 }, legacy: { requests: 5_000 } };

/** Windows from the first second on, each showing what is said of it. */
function evidenceOf(...windows: (readonly Shown[])[]): Evidence {
  return windows.reduce(
    (sum, shown, index) => addWindow(sum, windowOf(index, shown), gatePlan.gates.differences),
    noEvidence(1),
  );
}

function times(count: number, ...shown: Shown[]): (readonly Shown[])[] {
  return Array.from({ length: count }, () => shown);
}

/** The gates of a state over windows that have just ended, after the dwell time unless said otherwise. */
function judged(windows: (readonly Shown[])[], changes: Partial<GateInput> = {}) {
  const evidence = evidenceOf(...windows);
  const nowMs = evidence.toMs + 1_000;
  const state = {
    ...at('shadow'),
    sinceMs: nowMs - 1_000_000,
    epochSinceMs: nowMs - 1_000_000,
    ...changes.state,
  };
  return decide(gateInput({ evidence, nowMs, ...changes, state }));
}

function state(phase: RolloutState['phase'], step = 0, more: Partial<RolloutState> = {}): RolloutState {
  return { ...at(phase, step), sinceMs: -100_000_000, epochSinceMs: -100_000_000, ...more };
}

test('holds without pairs, and says so in the shape that was promised', () => {
  const report = judged([[]]);
  expect(report).toMatchObject({ verdict: 'hold', reason: 'NO_PAIRS', etaS: null });
  expect(report.metrics[0]).toMatchObject({
    n: 0,
    estimate: null,
    interval: null,
    logAdvance: 0,
    logAbort: 0,
    verdict: 'hold',
    reason: 'NO_PAIRS',
    etaS: null,
  });
});

test('holds a clean candidate until the margin is proven, and tells how long that takes', () => {
  const early = judged(times(3, CLEAN));
  expect(early).toMatchObject({ verdict: 'hold', reason: 'NOT_PROVEN' });
  // 3,586 pairs without a discordance prove a margin of 0.1 pp; 50 pairs a second came so far.
  expect(early.metrics[0]?.etaS).toBeCloseTo((3_586 - 1_500) / 50, 6);
  expect(judged(times(8, CLEAN))).toMatchObject({ verdict: 'ready', reason: 'PROVEN', etaS: 0 });
});

test('holds below the least number of pairs, whatever the margin', () => {
  const generous = {
    ...gatePlan,
    gates: { ...gatePlan.gates, errorRate: 0.05, tail: 0.05, differences: 0.05 },
  };
  const report = judged(times(1, CLEAN), { plan: generous });
  expect(report.metrics.map(({ reason }) => reason)).toEqual(['MIN_PAIRS', 'MIN_PAIRS', 'MIN_PAIRS']);
  expect(judged(times(2, CLEAN), { plan: generous }).verdict).toBe('ready');
});

test('aborts a candidate that fails where legacy does not, and never takes that back', () => {
  const worse: Shown = { error: { n: 500, plus: 6 }, legacy: { requests: 5_000 } };
  expect(judged(times(10, worse)).verdict).toBe('hold');
  const report = judged(times(11, worse));
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE', action: null });
  expect(report.message).toContain('66 failed where legacy did not');
  expect(judged([...times(11, worse), ...times(400, CLEAN)]).verdict).toBe('abort');
});

test('does not abort for what fails on both sides', () => {
  const incident: Shown = { error: { n: 500, plus: 0, minus: 0 }, legacy: { requests: 5_000, bad: 500 } };
  expect(judged(times(8, incident)).verdict).toBe('ready');
});

test('aborts for differences above the tolerated share, and not for a share that is tolerated', () => {
  const differing = (plus: number): Shown => ({ ...CLEAN, difference: { n: 500, plus } });
  expect(judged(times(11, differing(5)))).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
  const rare = [...times(1, differing(1)), ...times(9, CLEAN)];
  expect(judged(rare).metrics.find(({ metric }) => metric === 'differences')).toMatchObject({
    verdict: 'hold',
  });
});

test('decides to advance on the evidence of now, not on its best moment', () => {
  const late = [...times(8, CLEAN), ...times(1, { ...CLEAN, error: { n: 500, plus: 5 } })];
  expect(judged(times(8, CLEAN)).verdict).toBe('ready');
  expect(judged(late).verdict).not.toBe('ready');
});

test('trips the breaker for a window that plainly fails, and only when legacy does not fail too', () => {
  const broken: Shown = { error: { n: 100, plus: 30 }, legacy: { requests: 1_000 } };
  expect(judged([[broken]])).toMatchObject({ verdict: 'abort', reason: 'BREAKER' });
  expect(judged([[{ ...broken, error: { n: 100, plus: 30, minus: 28 } }]]).reason).not.toBe('BREAKER');
  expect(judged([[{ ...broken, error: { n: 100, plus: 19 } }]]).reason).not.toBe('BREAKER');
  expect(judged([[{ error: { n: 400, plus: 30 } }]]).reason).not.toBe('BREAKER');
});

test('trips the breaker on what clients were answered, without any pair', () => {
  const answers: Shown = {
    direction: 'reverse',
    candidate: { requests: 100, bad: 25 },
    legacy: { requests: 100 },
  };
  const report = judged([[answers]], { state: state('enforce') });
  expect(report).toMatchObject({ reason: 'BREAKER', action: { region: 'eu-west' } });
  const both: Shown = { ...answers, legacy: { requests: 100, bad: 24 } };
  expect(judged([[both]], { state: state('enforce') }).reason).not.toBe('BREAKER');
});

test('calls evidence invalid when more than one copy in a hundred is missing', () => {
  const losing = (dropped: number): Shown => ({ ...CLEAN, dropped });
  expect(judged(times(8, losing(6)))).toMatchObject({ verdict: 'invalid', reason: 'COVERAGE' });
  expect(judged(times(8, losing(4))).verdict).toBe('ready');
});

test('calls evidence invalid when windows stopped coming, and when the clock went back', () => {
  const evidence = evidenceOf(...times(8, CLEAN));
  const shadow = { ...at('shadow'), sinceMs: 0, epochSinceMs: evidence.toMs - 1_000_000 };
  const after = (ms: number) => decide(gateInput({ evidence, state: shadow, nowMs: evidence.toMs + ms }));
  expect(after(20_000).verdict).toBe('ready');
  expect(after(25_000)).toMatchObject({ verdict: 'invalid', reason: 'STALE' });
  expect(after(-6_000)).toMatchObject({ verdict: 'invalid', reason: 'CLOCK' });
});

test('does not advance on a part of the evidence while the rest is still read', () => {
  expect(judged(times(8, CLEAN), { complete: false })).toMatchObject({ verdict: 'invalid', reason: 'STALE' });
});

test('aborts on evidence that is invalid, too: bad news need no full coverage', () => {
  const worse: Shown = { error: { n: 500, plus: 20 }, dropped: 400 };
  expect(judged(times(11, worse)).verdict).toBe('abort');
});

test('holds for the dwell time, and gives up for a person after the longest time', () => {
  const evidence = evidenceOf(...times(8, CLEAN));
  const since = (ageMs: number) =>
    decide(
      gateInput({
        evidence,
        nowMs: evidence.toMs,
        state: { ...at('shadow'), sinceMs: 0, epochSinceMs: evidence.toMs - ageMs },
      }),
    );
  expect(since(899_000)).toMatchObject({ verdict: 'hold', reason: 'DWELL', etaS: 1 });
  expect(since(900_000).verdict).toBe('ready');
  const open = evidenceOf(...times(2, CLEAN));
  const old = { ...at('shadow'), sinceMs: 0, epochSinceMs: open.toMs - 86_400_001 };
  expect(decide(gateInput({ evidence: open, nowMs: open.toMs, state: old }))).toMatchObject({
    verdict: 'inconclusive',
    reason: 'MAX_DURATION',
  });
});

test('holds for a critical route whose writes no pair speaks for and no later step can prove', () => {
  const writing: Shown = { ...CLEAN, legacy: { requests: 5_000, writes: 600 } };
  const plan = { ...gatePlan, regional: { ...gatePlan.regional, steps: [{ region: 'eu-west', share: 1 }] } };
  expect(judged(times(8, writing), { critical: ['api'], plan })).toMatchObject({
    verdict: 'hold',
    reason: 'UNPROVEN_ROUTE',
  });
  expect(judged(times(8, writing), { critical: ['api'] }).verdict).toBe('ready');
  expect(judged(times(8, writing), { plan }).verdict).toBe('ready');
  expect(judged(times(8, { ...writing, writePairs: 30 }), { critical: ['api'], plan }).verdict).toBe('ready');
  expect(judged(times(8, CLEAN), { critical: ['checkout'] }).reason).toBe('UNPROVEN_ROUTE');
});

test('says how much of the traffic the pairs speak for', () => {
  const { coverage } = judged(times(8, { ...CLEAN, legacy: { requests: 5_000, writes: 500 } }));
  expect(coverage).toEqual([
    {
      route: 'api',
      critical: false,
      methods: 'read',
      requests: 36_000,
      share: 0.9,
      pairs: 4_000,
      by: 'pairs',
    },
    {
      route: 'api',
      critical: false,
      methods: 'write',
      requests: 4_000,
      share: 0.1,
      pairs: 0,
      by: 'unproven',
    },
  ]);
});

const BACK: Shown = { direction: 'reverse', error: { n: 300 }, candidate: { requests: 300 } };

test('leaves canary on enough requests without a difference, and says where the proof of errors comes from', () => {
  const canary = state('canary');
  const report = judged([[CLEAN, BACK]], { state: canary });
  expect(report).toMatchObject({ verdict: 'ready', reason: 'CARRIED_OVER' });
  expect(report.metrics.every(({ needAdvance }) => needAdvance === null)).toBe(true);
  const few: Shown = { ...BACK, error: { n: 19 }, candidate: { requests: 19 } };
  expect(judged([[CLEAN, few]], { state: canary }).reason).toBe('CANARY_REQUESTS');
  const one: Shown = { ...BACK, difference: { n: 300, plus: 1 } };
  expect(judged([[CLEAN, one]], { state: canary }).reason).toBe('CANARY_DIFFERENCES');
});

test('goes back to shadow when the canary fails', () => {
  const failing: Shown = { ...BACK, error: { n: 300, plus: 15 } };
  expect(judged(times(12, CLEAN, failing), { state: state('canary') })).toMatchObject({
    verdict: 'abort',
    action: { to: { phase: 'shadow', step: 0 }, region: null },
  });
});

test('wants both directions proven in the region of a step, and pairs of other regions do not count', () => {
  const first = state('regional', 0);
  const both = times(16, CLEAN, BACK);
  expect(judged(both, { state: first }).verdict).toBe('ready');
  expect(judged(times(16, CLEAN), { state: first }).reason).toBe('NO_PAIRS');
  const elsewhere = times(16, { ...CLEAN, region: 'us-east' }, { ...BACK, region: 'us-east' });
  expect(judged(elsewhere, { state: first }).reason).toBe('NO_TRAFFIC');
});

test('takes one region back alone where another one has a share, and the whole rollout where none has', () => {
  const failing: Shown = { ...BACK, region: 'us-east', error: { n: 300, plus: 12 } };
  const second = judged(times(13, CLEAN, BACK, failing), { state: state('regional', 1) });
  expect(second).toMatchObject({
    verdict: 'abort',
    action: { region: 'us-east', to: { phase: 'regional', step: 1 } },
  });
  const alone: Shown = { ...BACK, error: { n: 300, plus: 12 } };
  expect(judged(times(13, alone), { state: state('regional', 0) }).action).toEqual({
    to: { phase: 'canary', step: 0 },
    region: null,
  });
});

test('goes on watching a region that has its share already', () => {
  const eu: Shown = { ...BACK, error: { n: 300, plus: 12 } };
  const us: Shown = { ...BACK, region: 'us-east' };
  expect(judged(times(13, eu, us), { state: state('regional', 1) }).action?.region).toBe('eu-west');
});

test('a rollback by itself always shows less of the candidate where it failed', () => {
  const broken: Shown = { direction: 'reverse', region: 'us-east', candidate: { requests: 100, bad: 50 } };
  for (const region of ['us-east', 'eu-west']) {
    expect(judged([[{ ...broken, region }]], { state: state('enforce') }).action).toEqual({
      to: { phase: 'enforce', step: 0 },
      region,
    });
  }
  // A region that no step names cannot go alone: the last step gives it nothing.
  expect(judged([[{ ...broken, region: 'asia' }]], { state: state('enforce') }).action).toEqual({
    to: { phase: 'regional', step: 2 },
    region: null,
  });
});

test('does not retire legacy while it answers clients', () => {
  const enforce = state('enforce');
  const serving: Shown = { ...BACK, legacy: { requests: 1 } };
  expect(judged([[serving]], { state: enforce }).reason).toBe('LEGACY_SERVES');
  expect(judged([[serving], [BACK]], { state: enforce }).verdict).toBe('ready');
});

test('holds while a region is taken back or the kill switch is on', () => {
  const withdrawn = state('regional', 1, { withdrawn: ['us-east'] });
  expect(judged(times(16, CLEAN, BACK), { state: withdrawn }).verdict).toBe('hold');
  expect(judged(times(8, CLEAN), { state: state('shadow', 0, { bypass: true }) }).reason).toBe('BYPASSED');
});

test('fixes the automatic margin from what legacy showed before', () => {
  const seen = (legacyErrorRate: number) =>
    judged([[CLEAN, BACK]], { state: state('regional', 0, { legacyErrorRate }) }).metrics[0]?.margin;
  expect([seen(0), seen(0.001), seen(0.02)]).toEqual([0.001, 0.001, 0.01]);
});

test('gives the same report for the same windows, whatever their order, and another hash for others', () => {
  const windows = [...times(3, CLEAN), ...times(2, BACK)];
  const hash = (order: typeof windows) => decide(gateInput({ evidence: evidenceOf(...order) })).evidenceHash;
  expect(hash(windows)).toBe(hash(windows));
  expect(hash(windows)).not.toBe(hash(windows.slice(1)));
  const counts = ({ pairs, requests }: Evidence) => ({ pairs, requests });
  expect(counts(evidenceOf(...windows))).toEqual(counts(evidenceOf(...windows.toReversed())));
});
