import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** Whether a whole text is what a pattern describes. */
export type PatternTest = (text: string) => boolean;

interface Library {
  readonly RE2JS: typeof RE2JS;
}

/**
 * Compiles an expression of RE2: no look-around and no back-references, and in return a path of n characters takes
 * time in proportion to n. The library is loaded with the first pattern: a worker without one does not hold it.
 * @throws Error when it is none
 */
export function patternTest(pattern: string): PatternTest {
  const library = createRequire(import.meta.url)('re2js') as Library;
  const compiled = library.RE2JS.compile(pattern);
  return (text) => compiled.matches(text);
}
