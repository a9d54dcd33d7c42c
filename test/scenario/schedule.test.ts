import { expect, test } from 'vitest';
import { scheduleOf } from '../../src/scenario/schedule.ts';

test('requests are due evenly, the first one at the start', () => {
  const schedule = scheduleOf({ at: 1_000, rate: 4, for: 1_000 });
  expect([0, 1, 2, 3].map((index) => schedule.dueMs(index))).toEqual([1_000, 1_250, 1_500, 1_750]);
  expect([999, 1_000, 1_249, 1_250, 1_500].map((nowMs) => schedule.dueUntil(nowMs))).toEqual([0, 1, 1, 2, 3]);
});

test('a stretch sends as many requests as its rate and time say, and then no more', () => {
  const schedule = scheduleOf({ at: 0, rate: 300, for: 20_000 });
  expect(schedule.dueUntil(20_000)).toBe(6_000);
  expect(schedule.dueUntil(1_000_000)).toBe(6_000);
});

test('a stretch without a time goes on, and one without a rate sends nothing', () => {
  expect(scheduleOf({ at: 0, rate: 10, for: undefined }).dueUntil(3_600_000)).toBe(36_001);
  expect(scheduleOf({ at: 0, rate: 0, for: 1_000 }).dueUntil(500)).toBe(0);
});

test('every request that is due by a moment was due before it, whatever the rate', () => {
  for (const rate of [0.5, 3, 7, 333.333, 1_000]) {
    const schedule = scheduleOf({ at: 17, rate, for: undefined });
    for (let nowMs = 0; nowMs < 5_000; nowMs += 37) {
      const due = schedule.dueUntil(nowMs);
      if (due > 0) expect(schedule.dueMs(due - 1)).toBeLessThanOrEqual(nowMs + 1e-6);
      expect(schedule.dueMs(due)).toBeGreaterThan(nowMs - 1e-6);
    }
  }
});
