import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { configurationKey, makeRoom } from '../../src/rollout/configurations.ts';

const kept = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: configurationKey(index + 1),
    value: new Uint8Array(bytes),
    rev: 1n,
    createdRev: 1n,
  }));

const goneFrom = (count: number, bytes: number, next: number): number =>
  makeRoom(kept(count, bytes), next).length;

test('the oldest configurations make room for one more, by number and by size', () => {
  expect(goneFrom(0, 10, 10)).toBe(0);
  expect(goneFrom(LIMITS.configVersions - 1, 10, 10)).toBe(0);
  expect(goneFrom(LIMITS.configVersions, 10, 10)).toBe(1);
  expect(goneFrom(LIMITS.configVersions + 3, 10, 10)).toBe(4);
  const quarter = LIMITS.configVersionsBytes / 4;
  expect([
    goneFrom(3, quarter, quarter),
    goneFrom(4, quarter, quarter),
    goneFrom(4, quarter, 4 * quarter),
  ]).toEqual([0, 1, 4]);
  expect(makeRoom(kept(5, quarter), quarter)).toEqual([
    { del: configurationKey(1) },
    { del: configurationKey(2) },
  ]);
});
