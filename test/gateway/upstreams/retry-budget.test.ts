import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { RetryBudget } from '../../../src/gateway/upstreams/retry-budget.ts';

test('retries never exceed their share of the requests and the floor, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 3_000 }), (isRetry) => {
      const budget = new RetryBudget(0.2, 0);
      let requests = 0;
      for (const retry of isRetry) {
        if (retry) budget.take(0);
        else {
          requests += 1;
          budget.earn();
        }
        expect(budget.spent).toBeLessThanOrEqual(0.2 * requests + LIMITS.retryFloor + 1e-6);
      }
      expect(budget.spent + budget.denied).toBe(isRetry.length - requests);
    }),
    { numRuns: 50 },
  );
});

test('what is saved has a limit, so that old traffic pays for no storm', () => {
  const budget = new RetryBudget(0.2, 0);
  for (let index = 0; index < 100_000; index += 1) budget.earn();
  let taken = 0;
  while (budget.take(0)) taken += 1;
  expect(taken).toBe(LIMITS.retriesSaved);
});

test('an upstream without traffic gets its floor back, one retry a second', () => {
  const budget = new RetryBudget(0.2, 0);
  while (budget.take(0));
  expect([budget.take(900), budget.take(1_900), budget.take(1_950)]).toEqual([false, true, false]);
  let taken = 0;
  while (budget.take(3_600_000)) taken += 1;
  expect(taken).toBe(LIMITS.retryFloor);
});

test('a budget of nothing allows nothing at all', () => {
  const budget = new RetryBudget(0, 0);
  for (let index = 0; index < 1_000; index += 1) budget.earn();
  expect([budget.take(0), budget.take(1e9), budget.denied]).toEqual([false, false, 2]);
});
