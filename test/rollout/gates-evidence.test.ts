import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import type { CopyCounts, Window } from '../../src/telemetry/types.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

const sumOf = (...windows: readonly Window[]): Evidence =>
  windows.reduce((sum, window) => addWindow(sum, window, gatePlan.gates.differences), noEvidence(1));

/** A requirement of a rollout in shadow since 0. */
function requirement(name: 'coverage' | 'freshness' | 'clock', changes: Partial<GateInput>) {
  const found = decide(gateInput(changes)).requirements.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no requirement ${name}`);
  return found;
}

/** Whether so many copies may be missing. */
const covered = (...windows: readonly Window[]) =>
  requirement('coverage', { evidence: sumOf(...windows) }).met;

/** The window of a route whose copies met another fate than to be compared. */
function fate(shown: Shown, decisions: Partial<CopyCounts['decisions']>, diffDropped = 0): Window {
  const window = windowOf(0, [shown]);
  const copies = window.copies.map((counts) => ({
    ...counts,
    decisions: { ...counts.decisions, ...decisions },
    outcomes: { ...counts.outcomes, diff_dropped: diffDropped },
  }));
  return { ...window, copies };
}

test('adds up all that windows count, of requests as of pairs', () => {
  const shown: Shown = {
    error: { n: 100, plus: 2, minus: 1 },
    difference: { n: 90, plus: 4 },
    writePairs: 30,
    dropped: 5,
    legacy: { requests: 1_000, writes: 60, bad: 7 },
  };
  const { pairs, requests, windows } = sumOf(
    windowOf(0, [shown]),
    windowOf(1, [shown]),
    windowOf(2, [shown]),
  );
  expect(windows).toBe(3);
  expect(pairs).toHaveLength(1);
  expect(pairs[0]).toMatchObject({
    error: { n: 300, plus: 6, minus: 3 },
    difference: { n: 270, plus: 12, minus: 0 },
    writePairs: 90,
    sampled: 315,
    missing: 15,
  });
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({ requests: 3_000, writes: 180, bad: 21 });
});

test('keeps routes, regions, lanes and directions apart', () => {
  const both = { legacy: { requests: 1 }, candidate: { requests: 1 } };
  const one: Shown = { error: { n: 1 }, ...both };
  const shown = [one, { ...one, route: 'search' }, { ...one, region: 'us-east' }];
  const { pairs, requests } = sumOf(
    windowOf(0, shown),
    windowOf(1, [{ error: { n: 1 }, direction: 'reverse' }]),
  );
  expect([pairs.length, requests.length]).toEqual([4, 6]);
});

test('spans from the first to the last moment, in whatever order the windows come', () => {
  const [early, middle, late] = [windowOf(2, []), windowOf(3, []), windowOf(5, [])] as const;
  for (const order of [
    [early, middle, late],
    [late, early, middle],
    [middle, late, early],
  ]) {
    expect(sumOf(...order)).toMatchObject({ fromMs: 20_000, toMs: 60_000, windows: 3 });
  }
});

test('two copies missing of a few say nothing, of a hundred they are too many', () => {
  expect(covered(windowOf(0, [{ error: { n: 48 }, dropped: 2 }]))).toBe(true);
  expect(covered(windowOf(0, [{ error: { n: 97 }, dropped: 2 }]))).toBe(true);
  expect(covered(windowOf(0, [{ error: { n: 98 }, dropped: 2 }]))).toBe(false);
});

test('a copy that was answered and never compared is missing, too', () => {
  expect(covered(fate({ error: { n: 200 } }, {}, 2))).toBe(true);
  expect(covered(fate({ error: { n: 200 } }, {}, 3))).toBe(false);
});

test('copies that the candidate had no room for, or that were too large, are not the gateway’s loss', () => {
  const lost: Shown = { error: { n: 98 }, dropped: 2 };
  expect(covered(fate(lost, { candidate_saturated: 100 }))).toBe(true);
  expect(covered(fate(lost, { too_large: 100 }))).toBe(true);
  expect(covered(fate(lost, { not_sampled: 100 }))).toBe(false);
});

test('pairs of less than half of the sample prove nothing about the rest of it', () => {
  const pairs = (n: number): Shown => ({ error: { n } });
  expect(covered(fate(pairs(1_000), { too_large: 900 }))).toBe(true);
  expect(covered(fate(pairs(1_000), { too_large: 1_100 }))).toBe(false);
});

test('a window may be late by as long as the workers and the store may need', () => {
  const evidence = sumOf(windowOf(0, []));
  const fresh = (ms: number) => requirement('freshness', { evidence, nowMs: evidence.toMs + ms }).met;
  // Two windows of 10 s, the grace of 2.5 s, two deltas of 1 s.
  expect([fresh(24_500), fresh(24_501)]).toEqual([true, false]);
});

test('a new epoch has time for its first window from its own beginning', () => {
  const state = { ...at('shadow'), sinceMs: 0, epochSinceMs: 5_000_000 };
  const fresh = (ms: number) => requirement('freshness', { state, nowMs: 5_000_000 + ms }).met;
  expect([fresh(0), fresh(24_500), fresh(24_501)]).toEqual([true, true, false]);
});

test('a clock before the beginning of the epoch was set back, though no window is there yet', () => {
  const state = { ...at('shadow'), sinceMs: 0, epochSinceMs: 5_000_000 };
  const runs = (ms: number) => requirement('clock', { state, nowMs: 5_000_000 - ms }).met;
  expect([runs(5_000), runs(5_001)]).toEqual([true, false]);
});
