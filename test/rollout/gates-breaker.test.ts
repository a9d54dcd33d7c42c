import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';
import type { Shown } from './gates-fixtures.ts';

/** Whether one window trips the breaker of an enforced rollout. */
function trips(...shown: readonly Shown[]): boolean {
  const evidence = addWindow(noEvidence(1), windowOf(0, shown), gatePlan.gates.differences);
  const state = { ...at('enforce'), epochSinceMs: 0, sinceMs: 0 };
  return decide(gateInput({ state, evidence, nowMs: evidence.toMs })).reason === 'BREAKER';
}

const pairs = (n: number, plus: number, minus = 0): Shown => ({
  direction: 'reverse',
  error: { n, plus, minus },
});
const answers = (candidateBad: number, legacyBad = 0): Shown => ({
  candidate: { requests: 100, bad: candidateBad },
  legacy: { requests: 1_000, bad: legacyBad },
});

test('trips at one bad pair in ten exactly, and not below', () => {
  expect(trips(pairs(200, 20))).toBe(true);
  expect(trips(pairs(202, 20))).toBe(false);
});

test('trips at twenty bad answers in one window, and not at nineteen', () => {
  expect(trips(answers(20))).toBe(true);
  expect(trips(answers(19))).toBe(false);
});

test('does not trip where legacy fails half as often, on pairs as on answers', () => {
  expect(trips(pairs(100, 40, 20))).toBe(false);
  expect(trips(pairs(100, 40, 19))).toBe(true);
  expect(trips(answers(40, 200))).toBe(false);
  expect(trips(answers(40, 190))).toBe(true);
});

test('adds nothing up over regions: two that are bad a little do not trip it together', () => {
  const elsewhere = { region: 'us-east' };
  expect(trips(pairs(100, 15), { ...pairs(100, 15), ...elsewhere })).toBe(false);
  expect(trips(answers(15), { ...answers(15), ...elsewhere })).toBe(false);
});

test('adds up the routes of one region: two that are bad a little trip it together', () => {
  const other = { route: 'search' };
  expect(trips(pairs(100, 15), { ...pairs(100, 15), ...other })).toBe(true);
  expect(trips(answers(15), { ...answers(15), ...other })).toBe(true);
});

test('what legacy does in another region excuses nothing', () => {
  expect(trips(answers(40), { ...answers(0, 1_000), region: 'us-east' })).toBe(true);
});

test('adds nothing up over windows: a little in each of two does not trip it', () => {
  const state = { ...at('enforce'), epochSinceMs: 0, sinceMs: 0 };
  const evidence = [0, 1].reduce(
    (sum, index) => addWindow(sum, windowOf(index, [answers(15)]), gatePlan.gates.differences),
    noEvidence(1),
  );
  expect(decide(gateInput({ state, evidence, nowMs: evidence.toMs })).reason).not.toBe('BREAKER');
});

test('trips on writes that fail while every read has its pair', () => {
  const window = (failed: number, writePairs: number, legacyFailed = 0, unanswered = 0) => {
    const made = windowOf(0, [
      {
        ...pairs(900, 0),
        writePairs,
        candidate: { requests: 1_000, writes: 100, bad: failed },
        legacy: { requests: 1_000, writes: 100 },
      },
    ]);
    const classes = (lane: string): number[] =>
      lane === 'candidate' ? [unanswered, 0, 0, 0, 0, failed] : [0, 0, 0, 0, 0, legacyFailed];
    return { ...made, lanes: made.lanes.map((each) => ({ ...each, writeClasses: classes(each.lane) })) };
  };
  const tripped = (...args: Parameters<typeof window>): boolean =>
    addWindow(noEvidence(1), window(...args), gatePlan.gates.differences).trips.length > 0;
  expect(tripped(20, 0)).toBe(true);
  expect(tripped(19, 0)).toBe(false);
  expect(tripped(40, 0, 20)).toBe(false);
  expect(tripped(40, 60)).toBe(false);
  // Nobody waited for the answers of a candidate that hangs.
  expect(tripped(0, 0, 0, 20)).toBe(true);
  expect(tripped(0, 0, 0, 19)).toBe(false);
});
