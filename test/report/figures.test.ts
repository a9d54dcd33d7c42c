import { expect, test } from 'vitest';
import { around, points, pointsInterval, signedPoints } from '../../src/report/figures.ts';

test('fractions are written in percentage points with the decimals they need', () => {
  expect([0.001, 0.0021, 0.00012, 0.00004, 0, 0.5].map(points)).toEqual([
    '0.10pp',
    '0.21pp',
    '0.01pp',
    '0.0040pp',
    '0.00pp',
    '50.00pp',
  ]);
  expect([0.001, -0.001, 0, -0.0000001].map(signedPoints)).toEqual([
    '+0.10pp',
    '-0.10pp',
    '+0.00pp',
    '+0.00pp',
  ]);
  expect(pointsInterval([-0.0004, 0.0009])).toBe('[-0.04, +0.09]');
});

test('waits are written in their order of size', () => {
  expect([0.2, 45, 89, 90, 240, 5_400, 84_720, 129_600, 864_000].map(around)).toEqual([
    '~1 s',
    '~45 s',
    '~89 s',
    '~2 min',
    '~4 min',
    '~2 h',
    '~24 h',
    '~2 d',
    '~10 d',
  ]);
});
