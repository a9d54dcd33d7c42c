/** Longer words are not compared: a suggestion is for a slip of the finger. */
const LONGEST = 64;

/**
 * The word that was probably meant: at most a third of its letters away.
 * @returns null when none is near
 */
export function nearest(wrong: string, words: readonly string[]): string | null {
  if (wrong.length > LONGEST) return null;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const word of words) {
    if (word.length > LONGEST) continue;
    const distance = editDistance(wrong.toLowerCase(), word.toLowerCase());
    const near = distance <= Math.max(1, Math.floor(Math.max(word.length, wrong.length) / 3));
    if (near && distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** A hint for an unknown word: the nearest one, else all of them if they are few, else null. */
export function didYouMean(wrong: string, words: readonly string[]): string | null {
  const word = nearest(wrong, words);
  if (word !== null) return `did you mean "${word}"?`;
  return words.length === 0 || words.length > 24 ? null : `known here: ${words.join(', ')}`;
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words. */
function editDistance(from: string, to: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (current[column] as number) + 1,
        (next[column - 1] as number) + 1,
        (current[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (previous[column - 2] as number) + 1);
      next.push(cost);
    }
    [previous, current] = [current, next];
  }
  return current[to.length] as number;
}
