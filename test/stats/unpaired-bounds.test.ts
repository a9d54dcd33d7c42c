import fc from 'fast-check';
import { expect, test } from 'vitest';
import { excessOf, unitsToAdvance, unpairedInterval } from '../../src/stats/unpaired-bounds.ts';
import { logAdvanceUnpaired } from '../../src/stats/unpaired.ts';

const counts = fc
  .record({ good: fc.nat(5_000), candidateBad: fc.nat(300), legacyBad: fc.nat(300) })
  .map(({ good, ...bad }) => ({ n: good + bad.candidateBad + bad.legacyBad, ...bad }))
  .filter(({ n }) => n > 0);

test('the interval of two arms contains what was counted, and is mirrored when the arms are', () => {
  fc.assert(
    fc.property(counts, ({ n, candidateBad, legacyBad }) => {
      const seen = Math.max(-1, Math.min(1, excessOf({ n, candidateBad, legacyBad })));
      const [low, high] = unpairedInterval({ n, candidateBad, legacyBad }, 0.05) ?? [Number.NaN, Number.NaN];
      expect(low).toBeLessThanOrEqual(seen + 1e-12);
      expect(high).toBeGreaterThanOrEqual(seen - 1e-12);
      const [other, mirrored] =
        unpairedInterval({ n, candidateBad: legacyBad, legacyBad: candidateBad }, 0.05) ?? [];
      expect(other).toBeCloseTo(-high, 12);
      expect(mirrored).toBeCloseTo(-low, 12);
    }),
  );
});

test('no interval is known of nobody', () => {
  expect(unpairedInterval({ n: 0, candidateBad: 0, legacyBad: 0 }, 0.05)).toBeNull();
});

test('so many more users as it says prove the margin, and one fewer does not', () => {
  const few = { n: 900, candidateBad: 0, legacyBad: 0 };
  const more = unitsToAdvance(few, 0.001, 0.05) ?? Number.NaN;
  const log = (n: number): number => logAdvanceUnpaired({ ...few, n }, 0.5, 0.001);
  expect(log(900 + more)).toBeGreaterThanOrEqual(Math.log(20));
  expect(log(900 + more - 1)).toBeLessThan(Math.log(20));
  // Twice the pairs that 0.1 percentage points take: each user is seen on one side only.
  expect(900 + more).toBe(7_173);
});

test('what is worse by more than the margin is never projected to be proven', () => {
  expect(unitsToAdvance({ n: 1_000, candidateBad: 20, legacyBad: 2 }, 0.001, 0.05)).toBeNull();
});
