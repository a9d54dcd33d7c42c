import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lowerOutsideQuotes, splitOutsideQuotes } from '../../src/diff/quoted.ts';

test('a separator in a quoted string, escaped quotes and an open quote part nothing', () => {
  expect(splitOutsideQuotes('a , "b,c",d', ',')).toEqual(['a', '"b,c"', 'd']);
  expect(splitOutsideQuotes('"a\\",b",c', ',')).toEqual(['"a\\",b"', 'c']);
  expect(splitOutsideQuotes('a,"b,c', ',')).toEqual(['a', '"b,c']);
  expect(splitOutsideQuotes('', ',')).toEqual(['']);
});

test('nothing is lost and nothing is added but spaces, whatever comes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ';', ' ') });
  fc.assert(
    fc.property(text, fc.constantFrom(',', ';'), (value, separator) => {
      const bare = (each: string) => each.replaceAll(' ', '');
      expect(bare(splitOutsideQuotes(value, separator).join(separator))).toBe(bare(value));
    }),
  );
});

test('only what is not quoted is made lower case', () => {
  expect(lowerOutsideQuotes('No-Cache="A\\"B", X')).toBe('no-cache="A\\"B", x');
  expect(lowerOutsideQuotes('A="B')).toBe('a="B');
});
