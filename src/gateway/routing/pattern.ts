import { createRequire } from 'node:module';

/** Whether a whole text is what a pattern describes. */
export type PatternTest = (text: string) => boolean;

type Library = Pick<typeof import('re2js'), 'RE2JS'>;

/**
 * Compiles an expression of RE2: no look-around and no back-references, and in return a path of n characters takes
 * time in proportion to n. The library is loaded with the first pattern: a worker without one does not hold it.
 * @throws Error when it is none
 */
export function patternTest(pattern: string): PatternTest {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as Library;
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matches(text);
}
