import { expect, test } from 'vitest';
import { read } from '../tidy/files.ts';
import { INVARIANTS, RELIEF_TICKS } from './invariants.ts';
import { PLANTS } from './plants.ts';
import { CRASH_POINTS, FAULTS } from './points.ts';

const text = read('docs/simulation.md');

/** First cells of the table under a heading. */
function rowsOf(heading: string): string[] {
  const part = text.split(/^## /m).find((section) => section.startsWith(heading)) ?? '';
  return [...part.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name as string);
}

test('every invariant is explained in the documentation, and no other', () => {
  expect(rowsOf('Invariants')).toEqual(Object.keys(INVARIANTS));
  expect(text.replaceAll('\n', ' ')).toContain(`within ${RELIEF_TICKS} seconds`);
});

test('every crash point and fault stands in the documentation, and no other', () => {
  expect(rowsOf('Crash points')).toEqual(Object.keys(CRASH_POINTS));
  expect(rowsOf('Faults')).toEqual(Object.keys(FAULTS));
});

test('every planted bug stands in the documentation, and no other', () => {
  expect(rowsOf('Planted bugs')).toEqual(PLANTS.map(({ name }) => name));
});
