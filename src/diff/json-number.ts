/** Longest exponent whose arithmetic is exact in a double. */
const EXPONENT_DIGITS = 15;
const PLAIN_INTEGER = /^-?[1-9]\d*$/;

/**
 * One writing for every JSON number of the same value: `1`, `1.0`, `10e-1` → `1e0`. It works on the text, so
 * that 9007199254740993 is not 9007199254740992 (2^53 + 1 has no double). Minus zero is zero.
 * @param text a number as RFC 8259, section 6 allows it
 */
export function canonicalNumber(text: string): string {
  const negative = text.startsWith('-');
  const [mantissa = '', exponentText = '0'] = text.slice(negative ? 1 : 0).split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const first = firstOtherThanZero(digits);
  if (first === digits.length) return '0';
  if (exponentText.length > EXPONENT_DIGITS) return text;
  const last = lastOtherThanZero(digits);
  const exponent = Number(exponentText) - fraction.length + (digits.length - 1 - last);
  return `${negative ? '-' : ''}${digits.slice(first, last + 1)}e${exponent}`;
}

/** Whether two number texts have the same value. */
export function sameNumber(one: string, other: string): boolean {
  if (one === other) return true;
  if (PLAIN_INTEGER.test(one) && PLAIN_INTEGER.test(other)) return false;
  return canonicalNumber(one) === canonicalNumber(other);
}

function firstOtherThanZero(digits: string): number {
  let index = 0;
  while (index < digits.length && digits.charCodeAt(index) === 0x30) index += 1;
  return index;
}

function lastOtherThanZero(digits: string): number {
  let index = digits.length - 1;
  while (index > 0 && digits.charCodeAt(index) === 0x30) index -= 1;
  return index;
}
