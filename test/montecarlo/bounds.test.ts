import { expect, test } from 'vitest';
import { lowerBound, quantile, upperBound } from './bounds.ts';

test('bounds a chance as the exact interval of Clopper and Pearson does', () => {
  // Without an event the bound has a closed form; 3 of 10 at 2.5 % a side is in every table: 0.0667 to 0.6525.
  expect(upperBound(0, 100)).toBeCloseTo(1 - 0.001 ** (1 / 100), 10);
  expect(upperBound(3, 10, 0.025)).toBeCloseTo(0.6525, 4);
  expect(lowerBound(3, 10, 0.025)).toBeCloseTo(0.0667, 4);
  expect([upperBound(5, 5), lowerBound(0, 5)]).toEqual([1, 0]);
});

test('takes the smallest value that so many of the sorted do not exceed', () => {
  expect([0.5, 0.9, 1].map((share) => quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], share))).toEqual([5, 9, 10]);
});
