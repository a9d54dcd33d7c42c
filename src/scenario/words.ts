const WORD = /\s*((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/y;
const PART = /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g;

/**
 * A command line as a shell would split it: blanks part words, quotes and `\` keep them together.
 * Nothing is expanded.
 * @returns null when a quote is not closed
 */
export function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  const text = line.trim();
  let at = 0;
  while (at < text.length) {
    WORD.lastIndex = at;
    const match = WORD.exec(text);
    if (match === null) return null;
    words.push(unquoted(match[1] ?? ''));
    at = WORD.lastIndex;
  }
  return words;
}

function unquoted(word: string): string {
  return word.replace(PART, (_whole, escaped?: string, double?: string, single?: string) => {
    if (escaped !== undefined) return escaped;
    return double === undefined ? (single ?? '') : double.replace(/\\(.)/g, '$1');
  });
}
