import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { AlertCount, SiemReading, SiemRule } from '../../src/rollout/gates/siem.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';

const RULE: SiemRule = { minAlerts: 3, ratio: 2, level: 8, atOnce: 12, enforce: false };
const NOW = 1_000_000;
/** EU-West has 5 %, US-East, the step's own, a half. */
const BOTH = { ...at('regional', 1), epochSinceMs: 100_000 };
const PLAN = { ...gatePlan, gates: { ...gatePlan.gates, siem: RULE }, siemFreshMs: 26_000 };

function alerts(level: number, count: number): AlertCount[] {
  return count === 0 ? [] : [{ level, count }];
}

function reading(region: string, changes: Partial<SiemReading> = {}): SiemReading {
  const none = { legacy: [], candidate: [] };
  return { region, epoch: 1, atMs: NOW - 1_000, toMs: NOW - 35_000, odd: null, alerts: none, ...changes };
}

const CLEAN = [reading('eu-west'), reading('us-east')];

/** What a rollout with fresh windows hears; `siem`: undefined where it was not asked. */
function judged(siem: readonly SiemReading[] | undefined, changes: Partial<GateInput> = {}) {
  const evidence = addWindow(noEvidence(1), windowOf(99, [{ region: 'us-east', error: { n: 10 } }]), 0.001);
  const input = gateInput({ state: BOTH, plan: PLAN, nowMs: NOW, evidence, ...changes });
  return decide(siem === undefined ? input : { ...input, siem });
}

function line(report: ReturnType<typeof decide>) {
  return report.requirements.find(({ name }) => name === 'siem');
}

function alerting(region: string, candidate: readonly AlertCount[], legacy: readonly AlertCount[] = []) {
  return [
    ...CLEAN.filter((each) => each.region !== region),
    reading(region, { alerts: { candidate, legacy } }),
  ];
}

test('alerts about the candidate in one region take back this region alone', () => {
  for (const region of ['eu-west', 'us-east']) {
    expect(judged(alerting(region, alerts(8, 3)))).toMatchObject({
      verdict: 'abort',
      reason: 'SIEM_ALERTS',
      action: { to: { phase: 'regional', step: 1 }, region },
      message: `SIEM: 3 alerts of level 8 or above about the candidate in ${region}, 0 about legacy (3 or more, and more than 2 times legacy's, take it back)`,
    });
  }
});

test('alerts that are there take a region back although lines were lost, late or never seen', () => {
  for (const late of ['lines for the SIEM were lost lately', 'no heartbeat of this gateway is there']) {
    const quiet = CLEAN.map((each) => ({ ...each, late }));
    expect(judged(quiet)).toMatchObject({ verdict: 'invalid', reason: 'SIEM_ODD', action: null });
    const loud = quiet.map((each) =>
      each.region === 'eu-west' ? { ...each, alerts: { legacy: [], candidate: alerts(12, 40) } } : each,
    );
    expect(judged(loud)).toMatchObject({ reason: 'SIEM_ALERTS', action: { region: 'eu-west' } });
  }
});

test('one alert of a high level is enough', () => {
  expect(judged(alerting('eu-west', alerts(12, 1))).action?.region).toBe('eu-west');
  expect(judged(alerting('eu-west', alerts(11, 1))).verdict).not.toBe('abort');
});

test('what legacy shows in the same time is no fault of the candidate', () => {
  const verdict = (candidate: AlertCount[], legacy: AlertCount[]) =>
    judged(alerting('eu-west', candidate, legacy)).verdict;
  expect(verdict(alerts(8, 6), alerts(8, 3))).not.toBe('abort');
  expect(verdict(alerts(8, 7), alerts(8, 3))).toBe('abort');
  expect(verdict(alerts(12, 2), alerts(12, 1))).not.toBe('abort');
  expect(verdict(alerts(12, 3), alerts(12, 1))).toBe('abort');
  // What is below the level says nothing, on either side.
  expect(verdict(alerts(8, 3), alerts(7, 100))).toBe('abort');
  expect(verdict(alerts(7, 100), [])).not.toBe('abort');
});

test('a region that was taken back, or has no share, has no say', () => {
  const withdrawn = { ...BOTH, withdrawn: ['eu-west'] };
  expect(judged(alerting('eu-west', alerts(12, 9)), { state: withdrawn }).verdict).not.toBe('abort');
  const first = { ...at('regional', 0), epochSinceMs: 100_000 };
  expect(judged(alerting('us-east', alerts(12, 9)), { state: first }).verdict).not.toBe('abort');
});

test('a breach is acted on although the evidence is invalid, and whatever the other region says', () => {
  const old = alerting('eu-west', alerts(12, 1)).map((each) =>
    each.region === 'us-east' ? { ...each, odd: 'x' } : each,
  );
  expect(judged(old)).toMatchObject({ verdict: 'abort', action: { region: 'eu-west' } });
  const stale = judged(alerting('eu-west', alerts(12, 1)), { complete: false });
  expect(stale).toMatchObject({ verdict: 'abort', action: { region: 'eu-west' } });
});

test('the only region with a share goes back with the whole rollout', () => {
  const state = { ...at('regional', 0), epochSinceMs: 100_000 };
  expect(judged(alerting('eu-west', alerts(12, 1)), { state }).action).toEqual({
    to: { phase: 'canary', step: 0 },
    region: null,
  });
});

const ODD: readonly (readonly [name: string, siem: readonly SiemReading[] | undefined, message: RegExp])[] = [
  [
    'is odd',
    [reading('us-east', { odd: 'it is busy' }), reading('eu-west')],
    /^SIEM \(us-east\): it is busy$/,
  ],
  [
    'is odd in a region before',
    [reading('us-east'), reading('eu-west', { odd: 'no' })],
    /^SIEM \(eu-west\): no$/,
  ],
  ['is missing', [], /^SIEM \(us-east\): it has not answered under this epoch$/],
  ['was never asked for', undefined, /it has not answered/],
  ['is of one region only', [reading('us-east')], /^SIEM \(eu-west\): it has not answered/],
  ['is of another epoch', CLEAN.map((each) => ({ ...each, epoch: 2 })), /it has not answered/],
  [
    'is old',
    CLEAN.map((each) => ({ ...each, atMs: NOW - 27_000 })),
    /newest answer is 27s old \(at most 26s\)/,
  ],
  ['is of the future', CLEAN.map((each) => ({ ...each, atMs: NOW + 6_000 })), /newest answer is/],
];

test.each(ODD)('an answer that %s makes the evidence invalid, and never ready', (_, siem, message) => {
  const report = judged(siem);
  expect(report).toMatchObject({ verdict: 'invalid', reason: 'SIEM_ODD', action: null });
  expect(report.message).toMatch(message);
  expect(line(report)).toMatchObject({ met: false, reason: 'SIEM_ODD' });
});

test('holds until a window of this epoch can be there, and says how long that takes', () => {
  const state: RolloutState = { ...BOTH, epochSinceMs: NOW - 40_000 };
  expect(line(judged([], { state: { ...state, epochSinceMs: NOW - 20_000 } }))).toMatchObject({
    met: false,
    reason: 'SIEM_EARLY',
  });
  const before = line(judged(CLEAN, { state }));
  expect(before).toMatchObject({ met: false, reason: 'SIEM_EARLY', etaS: 17.5 });
  const after = CLEAN.map((each) => ({ ...each, toMs: NOW - 10_000 }));
  expect(line(judged(after, { state }))).toMatchObject({ met: true, etaS: 0 });
});

/** Everything that the step asks for but the SIEM. */
function proven(siem: readonly SiemReading[] | undefined) {
  const shown = (['shadow', 'reverse'] as const).map((direction) => ({
    region: 'us-east',
    direction,
    error: { n: 6_000 },
    legacy: { requests: 6_000 },
    candidate: { requests: 6_000 },
  }));
  const plan = { ...PLAN, regional: { ...PLAN.regional, dwellMs: 0 } };
  return judged(siem, { plan, evidence: addWindow(noEvidence(1), windowOf(99, shown), 0.001) });
}

test('no step is ready without a fresh and clean answer about every region that has a share', () => {
  expect(proven(CLEAN)).toMatchObject({ verdict: 'ready', reason: 'PROVEN' });
  expect(line(proven(CLEAN))).toMatchObject({
    met: true,
    message: 'SIEM (us-east): 0 alerts of level 8 or above about the candidate in us-east, 0 about legacy',
  });
  for (const [, siem] of ODD) expect(proven(siem).verdict).toBe('invalid');
  expect(proven(alerting('eu-west', alerts(8, 3))).verdict).toBe('abort');
});

test('is asked in regional, in enforce where the configuration says so, and nowhere else', () => {
  const states = [at('shadow'), at('canary'), at('enforce'), at('retired'), { ...BOTH, bypass: true }];
  for (const state of states) expect(line(judged([], { state }))).toBeUndefined();
  expect(line(judged([], { plan: gatePlan }))).toBeUndefined();
  const enforce = { ...PLAN, gates: { ...PLAN.gates, siem: { ...RULE, enforce: true } } };
  const state = { ...at('enforce'), epochSinceMs: 100_000 };
  expect(line(judged(CLEAN, { state, plan: enforce }))).toMatchObject({ met: true });
  expect(judged(alerting('us-east', alerts(12, 1)), { state, plan: enforce })).toMatchObject({
    reason: 'SIEM_ALERTS',
    action: { to: { phase: 'enforce' }, region: 'us-east' },
  });
});

test('the hash of the evidence covers what the SIEM said', () => {
  const hashes = [undefined, CLEAN, alerting('eu-west', alerts(8, 1))].map(
    (siem) => judged(siem).evidenceHash,
  );
  expect(new Set(hashes).size).toBe(3);
  expect(judged(CLEAN).evidenceHash).toBe(hashes[1]);
});
