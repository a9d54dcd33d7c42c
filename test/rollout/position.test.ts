import { expect, test } from 'vitest';
import {
  clampPosition,
  comparePositions,
  next,
  positionName,
  positions,
  previous,
  resolveTarget,
} from '../../src/rollout/position.ts';
import { plan } from './fixtures.ts';

const withoutSteps = { ...plan, regional: { steps: [] } };

test('puts every phase and every regional step in one line', () => {
  expect(positions(plan).map(positionName)).toEqual([
    'shadow',
    'canary',
    'regional/1',
    'regional/2',
    'regional/3',
    'enforce',
    'retired',
  ]);
});

test('goes on and back by one, and ends at both ends', () => {
  const line = positions(plan);
  for (const [index, position] of line.entries()) {
    expect(next(position, plan)).toEqual(line[index + 1] ?? null);
    expect(previous(position, plan)).toEqual(line[index - 1] ?? null);
  }
});

test('leaves regional out when the plan has no step', () => {
  expect(next({ phase: 'canary', step: 0 }, withoutSteps)).toEqual({ phase: 'enforce', step: 0 });
  expect(previous({ phase: 'enforce', step: 0 }, withoutSteps)).toEqual({ phase: 'canary', step: 0 });
});

test('orders positions by phase, then by step', () => {
  expect(comparePositions({ phase: 'regional', step: 2 }, { phase: 'enforce', step: 0 })).toBeLessThan(0);
  expect(comparePositions({ phase: 'regional', step: 2 }, { phase: 'regional', step: 1 })).toBeGreaterThan(0);
  expect(comparePositions({ phase: 'canary', step: 0 }, { phase: 'canary', step: 0 })).toBe(0);
});

test('takes a phase without a step for its first step, and knows no step outside the plan', () => {
  expect(resolveTarget({ phase: 'regional' }, plan)).toEqual({ phase: 'regional', step: 0 });
  expect(resolveTarget({ phase: 'regional', step: 3 }, plan)).toBeNull();
  expect(resolveTarget({ phase: 'canary', step: 1 }, plan)).toBeNull();
  expect(resolveTarget({ phase: 'regional' }, withoutSteps)).toBeNull();
});

test('keeps a position inside a plan that lost steps, never further on', () => {
  expect(clampPosition({ phase: 'regional', step: 7 }, plan)).toEqual({ phase: 'regional', step: 2 });
  expect(clampPosition({ phase: 'regional', step: 1 }, withoutSteps)).toEqual({ phase: 'canary', step: 0 });
  expect(clampPosition({ phase: 'enforce', step: 0 }, withoutSteps)).toEqual({ phase: 'enforce', step: 0 });
});
