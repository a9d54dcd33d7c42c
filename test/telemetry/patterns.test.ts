import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { PatternTracker } from '../../src/telemetry/pattern-tracker.ts';
import { patternsOf } from '../../src/telemetry/patterns.ts';

const SEEN: readonly (readonly [legacy: string | null, candidate: string | null, patterns: string[]])[] = [
  ['19.99', '20.99', ['up', 'one more', 'step 1', 'value 20.99']],
  ['"7"', '"6"', ['down', 'one less', 'step -1', 'value "6"']],
  ['12.5', '1250', ['up', 'x100', 'step 1237.5', 'value 1250']],
  ['1250', '1.25', ['down', '/1000', 'step -1248.75', 'value 1.25']],
  ['5', '0', ['down', 'zero', 'step -5', 'value 0']],
  ['5', '-5', ['down', 'negated', 'step -10', 'value -5']],
  ['2.4', '2', ['down', 'rounded', 'step -0.4', 'value 2']],
  ['1790000000', '1790003600', ['up', 'hours apart', 'step 3600', 'value 1790003600']],
  ['1790000000000', '1790003600000', ['up', 'hours apart', 'step 3600000', 'value 1790003600000']],
  ['"Ada"', '"ADA"', ['case', 'value "ADA"']],
  ['"a"', '"a "', ['space', 'value "a "']],
  ['"a"', '""', ['empty', 'value ""']],
  ['"abc"', '"xyz"', ['as long', 'value "xyz"']],
  ['"abc"', '"abcdef"', ['longer', 'value "abcdef"']],
  [null, '5', []],
  ['"a"', '‹masked:email›', []],
  ['"a"', `${'b'.repeat(60)}…`, []],
];

test.each(SEEN)('%s and %s have the patterns %j', (legacy, candidate, patterns) => {
  expect(patternsOf({ legacy, candidate })).toEqual(patterns);
});

test('no pair of values has more than a handful of patterns, or throws', () => {
  const value = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String));
  fc.assert(
    fc.property(value, value, (legacy, candidate) => {
      expect(patternsOf({ legacy, candidate }).length).toBeLessThan(8);
    }),
  );
});

const difference = (legacy: string, candidate: string) =>
  ({ kind: 'json_value', path: '/a', legacy, candidate }) as const;

test('a value is followed from its second sight on, and thousands that come once are not kept', () => {
  const tracker = new PatternTracker();
  for (let index = 0; index < 5_000; index += 1) {
    tracker.add(
      difference('"x"', index % 5 === 0 ? '"same"' : `"${index}"`),
      difference('"x"', `"y${index}"`),
    );
  }
  const counts = tracker.take() ?? {};
  expect(counts['value "same"']).toEqual({ plus: 998, minus: 0 });
  expect(Object.keys(counts).filter((pattern) => pattern.startsWith('value')).length).toBeLessThanOrEqual(
    LIMITS.patternsFollowed,
  );
  expect(tracker.take()).toBeUndefined();
});

test('what both sides show speaks for neither', () => {
  const tracker = new PatternTracker();
  for (let index = 0; index < 50; index += 1) tracker.add(difference('1', '2'), difference('1', '2'));
  expect(tracker.take()).toEqual({ 'noise up': { plus: 0, minus: 50 } });
});
