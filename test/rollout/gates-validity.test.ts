import { expect, test } from 'vitest';
import { decide } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import { noNoise } from '../../src/telemetry/noise-cell.ts';
import type { SampleUsers } from '../../src/telemetry/cohort-types.ts';
import type { CopyCounts, Joint } from '../../src/telemetry/types.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';

/** Twelve windows of clean pairs, with more said of their copies. */
function judged(
  more: Partial<CopyCounts>,
  sample = 0.1,
  users?: SampleUsers,
  set = (_index: number) => 'a.1',
) {
  const plan = { ...gatePlan, shadow: { ...gatePlan.shadow, sample } };
  let evidence = noEvidence(1);
  for (let index = 0; index < 12; index += 1) {
    const window = windowOf(index, [{ error: { n: 500 } }]);
    const copies = window.copies.map((counts) => ({ ...counts, ...more }));
    const cohorts = users && { cohorts: { set: set(index), earlier: [], regions: [], sample: users } };
    evidence = addWindow(evidence, { ...window, copies, ...cohorts }, gatePlan.gates.differences);
  }
  return decide(gateInput({ plan, evidence, nowMs: evidence.toMs }));
}

const NONE: Joint = { n: 0, plus: 0, minus: 0 };
const drifting = (error: Joint, tail: Joint = NONE) => ({ noise: { ...noNoise(), drift: { error, tail } } });

test('doubts a sample whose lots did not fall as they were meant to', () => {
  const fair = judged({ drawn: { chosen: 502, left: 4_498 } });
  expect(fair.requirements).toContainEqual(expect.objectContaining({ name: 'skew', met: true }));
  expect(fair.verdict).not.toBe('invalid');
  const skewed = judged({ drawn: { chosen: 560, left: 4_440 } });
  expect(skewed).toMatchObject({ verdict: 'invalid', reason: 'SAMPLING_SKEW' });
  expect(skewed.message).toBe('6,720 of 60,000 lots were drawn (11.20 %, meant are 10.00 %)');
});

test('doubts a sample whose users did not fall as they were meant to, however their requests did', () => {
  const fairLots = { drawn: { chosen: 502, left: 4_498 } };
  const fair = judged({}, 0.1, { chosen: 52, left: 448 });
  expect(fair.verdict).not.toBe('invalid');
  const message = '624 of 6,000 users were drawn (10.40 %, meant are 10.00 %)';
  expect(fair.requirements).toContainEqual(expect.objectContaining({ name: 'skew', met: true, message }));
  const skewed = judged(fairLots, 0.1, { chosen: 70, left: 430 });
  expect(skewed).toMatchObject({ verdict: 'invalid', reason: 'SAMPLING_SKEW' });
  expect(skewed.message).toBe('840 of 6,000 users were drawn (14.00 %, meant are 10.00 %)');
  const both = judged({ drawn: { chosen: 560, left: 4_440 } }, 0.1, { chosen: 52, left: 448 });
  expect(both.message).toBe('6,720 of 60,000 lots were drawn (11.20 %, meant are 10.00 %)');
});

test('users that were counted before a restart are not added to those after it', () => {
  const restarted = judged({}, 0.1, { chosen: 70, left: 430 }, (index) => (index < 11 ? 'a.1' : 'b.1'));
  const message = '70 of 500 users were drawn (14.00 %, meant are 10.00 %)';
  expect(restarted.requirements).toContainEqual(
    expect.objectContaining({ name: 'skew', met: true, message }),
  );
});

test('draws no conclusion from a sample of everything, or from requests of users', () => {
  expect(judged({ drawn: { chosen: 500, left: 0 } }, 1).reason).not.toBe('SAMPLING_SKEW');
  expect(judged({}).reason).not.toBe('SAMPLING_SKEW');
});

test('says nothing of a candidate while copies are worse than originals by being copies', () => {
  const alike = judged(drifting({ n: 100, plus: 1, minus: 1 }, { n: 100, plus: 3, minus: 3 }));
  expect(alike.requirements).toContainEqual(expect.objectContaining({ name: 'drift', met: true }));
  expect(judged(drifting({ n: 100, plus: 3, minus: 0 }))).toMatchObject({
    verdict: 'invalid',
    reason: 'DRIFT',
  });
  const slower = judged(drifting({ n: 100, plus: 0, minus: 0 }, { n: 100, plus: 9, minus: 1 }));
  expect(slower).toMatchObject({ verdict: 'invalid', reason: 'DRIFT' });
  expect(slower.message).toMatch(/^tail: legacy's second answers are worse than its first/);
});

test('an invalid sample takes no abort back', () => {
  const worse: Partial<CopyCounts> = {
    drawn: { chosen: 900, left: 4_100 },
    joint: { error: { n: 500, plus: 9, minus: 0 }, difference: NONE, tail: NONE },
  };
  expect(judged(worse)).toMatchObject({ verdict: 'abort', reason: 'PROVEN_WORSE' });
});
