/**
 * Finds what must not be stored: by the shape of a value, or by the name it stands under.
 * It errs on the side of hiding: a long slug taken for a key costs a detail, a key taken for a slug costs a key.
 */

/** A part of a text to be hidden, and what it looks like. */
interface SecretSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

/** A name that holds one of these (lower case, letters and digits only) names a secret or a person's datum. */
const SENSITIVE_PARTS = (
  'authorization cookie token secret passw passphrase pwd apikey accesskey ' +
  'privatekey credential session csrf xsrf signature jwt bearer creditcard ' +
  'cardnumber iban cvv ssn email phone birth'
).split(' ');
const SENSITIVE_WORDS = new Set(['sid', 'pin', 'otp', 'auth', 'pan', 'cvc', 'key', 'nonce']);

/** Whether values under this header name, JSON key or attribute are hidden whatever they look like. */
export function isSensitiveName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return SENSITIVE_WORDS.has(plain) || SENSITIVE_PARTS.some((part) => plain.includes(part));
}

const EMAIL = /[^\s"'<>(),;:@=&?/\\]{1,64}(?:@|%40)[A-Za-z0-9.-]{1,253}/dg;
const JWT = /eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}/dg;
const SCHEME = /\b(?:bearer|basic|digest|negotiate|apikey|token)\s{1,3}([^\s"',;<>]{4,})/dgi;
const DIGITS = /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/dg;
const LONG = /[A-Za-z0-9+/_-]{20,}={0,2}/dg;
const KEY = /(?<![\w.-])([\w.-]{1,128})["']?\s{0,3}[=:]\s{0,3}(?!‹masked:\w{1,16}›)/g;
const VALUE = /"[^"]*"?|'[^']*'?|[^\s"'&;,<>{}]+/y;
const ELEMENT = /<([A-Za-z][\w:.-]{0,63})[^<>]{0,200}>([^<>]+)/dg;
const TAG = /<[A-Za-z][^<>]{0,1000}>?/dg;
const ATTRIBUTE_NAME = /\b(?:name|id|property)\s{0,3}=\s{0,3}["']?([\w.:-]{1,64})/gi;
const ATTRIBUTE_VALUE = /\b(?:value|content)\s{0,3}=\s{0,3}("[^"]*"?|'[^']*'?|[^\s"'<>]+)/dgi;

/** Everything in a text that is to be hidden, in order and without overlaps. Texts are short: see `maskAround`. */
export function findSecrets(text: string): SecretSpan[] {
  const spans = [
    ...(/@|%40/.test(text) ? spansOf(text, EMAIL, 'email') : []),
    ...(text.includes('eyJ') ? spansOf(text, JWT, 'jwt') : []),
    ...spansOf(text, SCHEME, 'credential', 1),
    ...spansOf(text, DIGITS, 'card').filter((span) => isCardNumber(text.slice(span.start, span.end))),
    ...spansOf(text, LONG, 'secret').filter((span) => looksRandom(text.slice(span.start, span.end))),
    ...(/[=:]/.test(text) ? keyedSpans(text) : []),
    ...(text.includes('<') ? [...elementSpans(text), ...attributeSpans(text)] : []),
  ];
  return merged(spans.toSorted((one, other) => one.start - other.start || other.end - one.end));
}

function spansOf(text: string, pattern: RegExp, kind: string, group = 0): SecretSpan[] {
  return Array.from(text.matchAll(pattern), (match) => {
    const [start, end] = (match.indices as RegExpIndicesArray)[group] as [number, number];
    return { start, end, kind };
  });
}

/** Values after `name=` or `name:`; one value may hold the next name (`next=/reset?token=…`), so names are tried one by one. */
function keyedSpans(text: string): SecretSpan[] {
  const spans: SecretSpan[] = [];
  for (const match of text.matchAll(KEY)) {
    if (!isSensitiveName(match[1] as string)) continue;
    VALUE.lastIndex = match.index + match[0].length;
    const value = VALUE.exec(text);
    if (value !== null) {
      spans.push({ start: value.index, end: value.index + value[0].length, kind: 'field' });
    }
  }
  return spans;
}

function elementSpans(text: string): SecretSpan[] {
  const spans: SecretSpan[] = [];
  for (const match of text.matchAll(ELEMENT)) {
    const [start, end] = (match.indices as RegExpIndicesArray)[2] as [number, number];
    if (isSensitiveName(match[1] as string)) spans.push({ start, end, kind: 'field' });
  }
  return spans;
}

/** Values of form fields and meta tags with a sensitive name: a page's anti-forgery token, say. */
function attributeSpans(text: string): SecretSpan[] {
  const spans: SecretSpan[] = [];
  for (const tag of text.matchAll(TAG)) {
    const names = Array.from(tag[0].matchAll(ATTRIBUTE_NAME), (match) => match[1] as string);
    if (!names.some(isSensitiveName)) continue;
    for (const value of spansOf(tag[0], ATTRIBUTE_VALUE, 'field', 1)) {
      spans.push({ start: tag.index + value.start, end: tag.index + value.end, kind: 'field' });
    }
  }
  return spans;
}

/** Joins overlapping spans; the earlier one names the whole. */
function merged(sorted: readonly SecretSpan[]): SecretSpan[] {
  const result: SecretSpan[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last === undefined || span.start >= last.end) result.push(span);
    else if (span.end > last.end) result[result.length - 1] = { ...last, end: span.end };
  }
  return result;
}

/** Letters and digits mixed; where a slash could make it a path, capitals too. */
function looksRandom(text: string): boolean {
  if (!/\d/.test(text) || !/[A-Za-z]/.test(text)) return false;
  return !text.includes('/') || (/[A-Z]/.test(text) && /[a-z]/.test(text));
}

/** ISO/IEC 7812-1, annex B: the check digit of payment cards. */
function isCardNumber(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = digit * 2;
    if (index % 2 === 0) sum += digit;
    else sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
