import { expect, test } from 'vitest';
import { EXTENTS, estimatedSeconds } from '../../bench/extent.ts';
import { UsageError, readOptions } from '../../bench/options.ts';
import { TOGGLES, WORKS } from '../../bench/works.ts';

const QUICK_LIMIT_SECONDS = 180;

test('a full run does every work with every subject of it', () => {
  const { works, toggles, extent } = readOptions([]);
  expect(works).toEqual(WORKS);
  expect(toggles).toEqual(TOGGLES);
  expect(extent.rounds).toBeGreaterThanOrEqual(5);
  expect(extent.toggleTurns).toBeGreaterThanOrEqual(20);
});

test('a quick run fits into three minutes and still has its control', () => {
  const { works, toggles, extent } = readOptions(['--quick']);
  expect(works.map((work) => work.name)).toEqual(['plain-1k', 'shadow-10', 'shadow-10-hung', 'rate-3000']);
  expect(works[0]?.subjects).toContain('node:http');
  expect(estimatedSeconds(works, toggles, { ...extent, budgetSeconds: 1e9 })).toBeLessThan(
    QUICK_LIMIT_SECONDS,
  );
  expect(EXTENTS.quick.budgetSeconds).toBeLessThan(QUICK_LIMIT_SECONDS);
});

test('a chosen subject brings what it is compared with and leaves out works of others', () => {
  const { works } = readOptions(['--subject', 'haproxy']);
  expect(works.every((work) => work.subjects.join() === 'nginx,haproxy')).toBe(true);
  expect(works.map((work) => work.name)).not.toContain('shadow-10');
});

test('the toggling work can be asked for alone', () => {
  const { works, toggles, extent } = readOptions(['--work', 'shadow-toggle', '--turns', '24']);
  expect([works.length, toggles.map(({ name }) => name), extent.toggleTurns]).toEqual([
    0,
    ['shadow-toggle'],
    24,
  ]);
});

test('a name that does not exist is refused with the name', () => {
  expect(() => readOptions(['--work', 'plain-2k'])).toThrow('plain-2k');
  expect(() => readOptions(['--subject', 'apache'])).toThrow('apache');
  expect(() => readOptions(['--profile', 'overload-3x'])).toThrow(UsageError);
  expect(() => readOptions(['--rounds', 'many'])).toThrow('--rounds');
  expect(() => readOptions(['--fast'])).toThrow(UsageError);
});
