import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/hash.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import { sayLine } from '../../src/rollout/gates/words.ts';
import { identityOf } from '../../src/rollout/state.ts';
import { mergeWindows } from '../../src/telemetry/merge.ts';
import { at } from './fixtures.ts';
import { cohortEvidence, cohortReport, cohortWindow, times } from './cohort-fixtures.ts';
import { gatePlan } from './gates-fixtures.ts';

/** Enough users for 0.1 percentage points, none of whom failed. */
const GOOD = times(10, { candidate: 500, legacy: 500 });

function cohortLine(report: ReturnType<typeof cohortReport>) {
  return report.metrics.find(({ direction }) => direction === null);
}

test('users of both cohorts prove a critical route whose writes are never copied', () => {
  const report = cohortReport(GOOD);
  expect(report).toMatchObject({ verdict: 'ready', reason: 'PROVEN' });
  expect(cohortLine(report)).toMatchObject({
    n: 10_000,
    plus: 0,
    minus: 0,
    verdict: 'ready',
    region: 'us-east',
  });
  expect(report.coverage).toContainEqual(
    expect.objectContaining({ route: 'orders', methods: 'write', by: 'cohort', pairs: 0, users: 1_000 }),
  );
});

test('holds a critical route while too few users came, and says when enough will have', () => {
  const report = cohortReport(GOOD.slice(0, 2));
  expect(report.verdict).toBe('hold');
  expect(cohortLine(report)).toMatchObject({ verdict: 'hold', reason: 'NOT_PROVEN' });
  const open = report.requirements.find(({ name }) => name === 'routes');
  expect(open).toMatchObject({ met: false, reason: 'UNPROVEN_ROUTE' });
  expect(open?.message).toContain('orders (writes: 1,600 requests, 0 pairs, 200 users)');
  // 7,398 users are needed, and 100 come a second.
  expect(report.etaS).toBeGreaterThan(50);
  expect(report.etaS).toBeLessThan(60);
});

test('a route that few users of one cohort asked stays unproven, however good the others are', () => {
  const report = cohortReport([...times(10, { candidate: 500, legacy: 500, route: 'other' })]);
  expect(report).toMatchObject({ verdict: 'hold', reason: 'UNPROVEN_ROUTE' });
});

test('without a critical route the cohorts are watched and hold nothing', () => {
  const report = cohortReport(GOOD.slice(0, 1), { critical: [] });
  expect(report.verdict).toBe('ready');
  expect(cohortLine(report)).toMatchObject({ needAdvance: null, reason: 'WATCHED', verdict: 'ready' });
});

test('users who fail with the candidate alone, window after window, abort', () => {
  const failing = times(13, { candidate: 50, legacy: 50, candidateBad: 3 });
  const report = cohortReport(failing, { critical: [] });
  expect(report).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
  expect(report.action).toMatchObject({ region: 'us-east' });
  const line = cohortLine(report);
  expect(line === undefined ? '' : sayLine(line)).toBe(
    'error rate (cohort, us-east): the candidate is worse: 39 failed with the candidate, 0 with legacy, in 1,300 users',
  );
});

test('users who fail with legacy alone, or with both, abort nothing', () => {
  const legacy = cohortReport(times(20, { candidate: 50, legacy: 50, legacyBad: 5 }));
  const both = cohortReport(times(20, { candidate: 50, legacy: 50, candidateBad: 5, legacyBad: 5 }));
  expect(cohortLine(legacy)?.logAbort).toBeLessThan(Math.log(2));
  expect(cohortLine(both)?.logAbort).toBeLessThan(Math.log(2));
});

test('one incident of the candidate is one window, however many users it struck', () => {
  const windows = [...GOOD.slice(0, 5), { candidate: 500, legacy: 500, candidateBad: 400 }];
  const line = cohortLine(cohortReport(windows));
  expect(line?.verdict).not.toBe('abort');
  expect(line?.estimate).toBeCloseTo(400 / 3_000, 2);
});

test('an abort stays proven when users are good again', () => {
  const windows = [...times(13, { candidate: 50, legacy: 50, candidateBad: 3 }), ...times(200, {})];
  expect(cohortLine(cohortReport(windows))).toMatchObject({ verdict: 'abort' });
});

test('a lot that gives one cohort more users is skewed and makes the evidence invalid', () => {
  const report = cohortReport(times(10, { candidate: 300, legacy: 400 }));
  expect(report).toMatchObject({ verdict: 'invalid', reason: 'SAMPLING_SKEW' });
  expect(report.coverage.find(({ methods }) => methods === 'write')?.by).toBe('unproven');
  const fair = cohortReport(times(10, { candidate: 495, legacy: 505 }));
  expect(fair.requirements).toContainEqual(expect.objectContaining({ name: 'skew', met: true }));
});

test('what was shown to be worse aborts although the lot was skewed', () => {
  const report = cohortReport(times(13, { candidate: 300, legacy: 400, candidateBad: 3 }));
  expect(report.verdict).toBe('abort');
});

test('users who found no room make the evidence invalid where something rests on them', () => {
  const lossy = times(10, { candidate: 500, legacy: 500, lost: 20 });
  const report = cohortReport(lossy);
  expect(report).toMatchObject({ verdict: 'invalid', reason: 'COVERAGE' });
  expect(report.message).toContain('200 answers to users of the cohorts were not counted');
  expect(cohortReport(lossy, { critical: [] }).verdict).toBe('ready');
});

test('there are no cohorts where everybody or nobody is answered by the candidate', () => {
  const everybody = cohortReport(GOOD, { state: { ...at('regional', 2), epochSinceMs: -100_000_000 } });
  const own = everybody.metrics.filter(({ direction, region }) => direction === null && region === 'eu-west');
  expect(own).toEqual([]);
  const shadow = cohortReport(GOOD, { state: { ...at('shadow'), epochSinceMs: -1_000_000 } });
  expect(cohortLine(shadow)).toBeUndefined();
  expect(routesOf(shadow)).toMatchObject({ met: true, message: expect.stringContaining('will be by users') });
});

test('critical writes wait for the step that has cohorts, and hold where no step ever will', () => {
  const whole = { ...gatePlan, regional: { ...gatePlan.regional, steps: [{ region: 'us-east', share: 1 }] } };
  for (const state of [at('shadow'), at('canary')]) {
    expect(routesOf(cohortReport(GOOD, { state }))).toMatchObject({ met: true });
    expect(routesOf(cohortReport(GOOD, { state, plan: whole }))).toMatchObject({ met: false, etaS: null });
  }
});

test('at a whole region critical writes rest on the users of an earlier step, of this candidate and by proof alone', () => {
  const steps = [
    { region: 'us-east', share: 0.5 },
    { region: 'us-east', share: 1 },
  ];
  const plan = { ...gatePlan, regional: { ...gatePlan.regional, steps } };
  const there = { ...at('regional', 1), sinceMs: -100_000_000, epochSinceMs: -100_000_000 };
  const proven = { ...there, provenFor: identityOf(there) };
  expect(routesOf(cohortReport(GOOD, { state: proven, plan }))).toMatchObject({
    met: true,
    message: expect.stringContaining('at an earlier step'),
  });
  for (const state of [
    { ...proven, provenFor: null },
    { ...proven, build: 'another' },
  ]) {
    expect(routesOf(cohortReport(GOOD, { state, plan }))).toMatchObject({ met: false });
  }
});

function routesOf(report: ReturnType<typeof cohortReport>) {
  return report.requirements.find(({ name }) => name === 'routes');
}

test('after a restart users are counted from nothing, and never twice', () => {
  const evidence = cohortEvidence([...GOOD, ...times(2, { candidate: 400, legacy: 400, set: 'two' })]);
  expect(evidence.cohorts).toMatchObject({ sets: ['one', 'two'], sinceMs: 100_000 });
  expect(evidence.cohorts?.regions[0]?.candidate.users).toBe(800);
  const late = addWindow(evidence, cohortWindow(12, { candidate: 90, legacy: 90, set: 'one' }), 0.001);
  expect(late.cohorts).toEqual(evidence.cohorts);
});

test('each restart makes a proof and an abort harder, so that trying again proves nothing', () => {
  const again = (restarts: number) =>
    cohortLine(
      cohortReport([
        ...Array.from({ length: restarts }, (_, index) => ({ candidate: 9, legacy: 9, set: `s${index}` })),
        ...times(9, { candidate: 500, legacy: 500, candidateBad: 2, set: 'last' }),
      ]),
    );
  const [none, one, two] = [again(0), again(1), again(2)];
  expect((one?.logAbort ?? 0) - (none?.logAbort ?? 0)).toBeCloseTo(Math.log(0.05 / 0.9), 9);
  expect((two?.logAbort ?? 0) - (one?.logAbort ?? 0)).toBeCloseTo(Math.log(1 / 3), 9);
  expect(two?.logAdvance).toBeLessThan(one?.logAdvance ?? 0);
});

test('an abort that was proven before a restart stays proven', () => {
  const failing = times(13, { candidate: 50, legacy: 50, candidateBad: 3 });
  const report = cohortReport([...failing, { candidate: 50, legacy: 50, set: 'two' }]);
  expect(report.verdict).toBe('abort');
});

test('windows that the store made wider give the same counts of users', () => {
  const windows = times(6, { candidate: 70, legacy: 70, candidateBad: 1 }).map((seen, index) =>
    cohortWindow(index, seen),
  );
  const add = (list: typeof windows) =>
    list.reduce((sum, window) => addWindow(sum, window, gatePlan.gates.differences), noEvidence(1));
  const [apart, together] = [add(windows), add([mergeWindows(windows)])];
  const counts = ({ cohorts }: typeof apart) =>
    cohorts?.regions.map(({ candidate, legacy, routes }) => ({ candidate, legacy, routes }));
  expect(canonicalJson(counts(together))).toBe(canonicalJson(counts(apart)));
});

test('evidence without cohorts is the same text as before there were any', () => {
  expect(Object.keys(noEvidence(1))).not.toContain('cohorts');
});
