import { RE2JS } from 're2js';

/**
 * A function that replaces every match of a pattern. Patterns are RE2's: no look-around and no back-references, and in
 * return a text of n characters takes time in proportion to n, whoever wrote it.
 * @param replacement plain text
 * @throws Error when the pattern is none
 */
export function replacer(pattern: string, replacement: string): (text: string) => string {
  const compiled = RE2JS.compile(pattern);
  const plain = RE2JS.quoteReplacement(replacement);
  return (text) => compiled.matcher(text).replaceAll(plain);
}
