import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sideBySide } from '../../src/cli/side-by-side.ts';

const TITLES = ['', 'LEGACY', 'CANDIDATE'] as const;
const cell = fc.string({ unit: fc.constantFrom('a', 'b', '/', ' ', 'é'), maxLength: 200 });

test('both sides fit the width, and nothing of them is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 44, max: 200 }), (rows, columns) => {
      const text = sideBySide(TITLES, rows, columns);
      for (const line of text.split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(columns);
      const letters = (all: string): string => Array.from(all.replaceAll(/\s/g, '')).toSorted().join('');
      expect(letters(text)).toBe(letters(TITLES.join('') + rows.flat().join('')));
    }),
  );
});

test('what is too long goes on in its own column', () => {
  const text = sideBySide(TITLES, [['/name', 'one two three four five six', 'x']], 44);
  expect(text).toMatchInlineSnapshot(`
    "       LEGACY             CANDIDATE
    /name  one two three      x
           four five six
    "
  `);
});
