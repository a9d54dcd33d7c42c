import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** Whether a whole text is what a pattern describes. */
export type PatternTest = (text: string) => boolean;

interface Library {
  readonly RE2JS: typeof RE2JS;
}

/** Loads the library before there are requests: it would keep them waiting for 50 ms when a first expression comes. */
export function loadPatterns(): void {
  patternTest('/[a-z]+/.*')('/warm/up');
}

/**
 * Compiles an expression of RE2: no look-around and no back-references, and in return a path of n characters takes
 * time in proportion to n. The library is loaded with the first pattern: the command line mostly does without.
 * @throws Error when it is none
 */
export function patternTest(pattern: string): PatternTest {
  const library = createRequire(import.meta.url)('re2js') as Library;
  const compiled = library.RE2JS.compile(pattern);
  return (text) => compiled.matches(text);
}
