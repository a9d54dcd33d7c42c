import { expect, test } from 'vitest';
import { wordsOf } from '../../src/scenario/words.ts';

test.each([
  ['advance --to canary --yes', ['advance', '--to', 'canary', '--yes']],
  ['  rollback   --reason "orders fail" ', ['rollback', '--reason', 'orders fail']],
  [`a 'it is "so"' b`, ['a', 'it is "so"', 'b']],
  [String.raw`say "a \"quote\"" back\ slash`, ['say', 'a "quote"', 'back slash']],
  ['--reason=x"y z"', ['--reason=xy z']],
  ['""', ['']],
])('%j is split as a shell would split it', (line, words) => {
  expect(wordsOf(line)).toEqual(words);
});

test('a quote that is not closed is no command line', () => {
  expect(wordsOf('rollback --reason "orders')).toBeNull();
  expect(wordsOf("it's")).toBeNull();
});
