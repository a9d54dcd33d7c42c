import { RANDOM_WORD_CHARS, isRandomWord } from '../core/random-word.ts';
import { isSensitiveName } from './secret-names.ts';

/**
 * Finds what must not be stored: by the shape of a value, or by the name it stands under.
 * It errs on the side of hiding: a long slug taken for a key costs a detail, a key taken for a slug costs a key.
 */

/** A part of a text to be hidden, and what it looks like. */
export interface SecretSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

const EMAIL = /[^\s"'<>(),;:@=&?/\\]{1,64}(?:@|%40)[A-Za-z0-9.-]{1,253}/dg;
const JWT = /eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}/dg;
/** A challenge names its realm where an answer to it has the credential (RFC 9110, section 11.6.1). */
const SCHEME =
  /\b(?:bearer|basic|digest|negotiate|apikey|token)\s{1,3}(?!(?:realm|charset|scope|error(?:_description|_uri)?|algorithm|qop|stale|domain)=)([^\s"',;<>]{4,})/dgi;
const PASSWORD = String.raw`\b(?:passwords?|passphrase|passcode|passwort|pwd|pw)["']?\s{1,3}`;
const WORD = String.raw`("[^"]*"?|'[^']*'?|[^\s"'&;,<>{}]+)`;
/** `password hunter2` and `password of the shop is hunter2`. */
const PASSWORD_THEN = new RegExp(PASSWORD + WORD, 'dgi');
const PASSWORD_IS = new RegExp(
  String.raw`${PASSWORD}(?:[^.,;<>{}"'\n]{0,40}?\s)?(?:is|was|ist|lautet)\b:?\s{1,3}${WORD}`,
  'dgi',
);
const PIN = /\b(?:pin|otp|tan)\s{1,3}(?:is\s{1,3}|was\s{1,3})?(\d{3,10})(?!\d)/dgi;
/** What people write behind the word when they write about a password, and not the password. */
const ABOUT = new Set(
  (
    'a an and are as at by can cannot change changed confirm confirmation does doesn expired expires field for forgotten ' +
    'from has have here if in incorrect invalid is ist least manager may mismatch must needed needs no not of on or ' +
    'policy protected recovery required reset rules same set should strength that the to too was weak were when will ' +
    'with wrong you your'
  ).split(' '),
);
/** E.164 has at most fifteen digits. */
const PHONE = /(?<![\w+.])(?:\+|%2B)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\d)/dgi;
/** No digits of a fraction: those are as random as a card's. */
const DIGITS = /(?<!\d)(?<!\d\.)\d(?:[ -]?\d){12,18}(?!\d)/dg;
const HEX = /(?<![A-Za-z0-9])(?:0x)?[0-9a-f]{16,}(?![A-Za-z0-9])/dgi;
const LONG = /[A-Za-z0-9+/_-]{20,}={0,2}/dg;
/** Letters and digits without anything between. */
const RUN = new RegExp(`[A-Za-z0-9]{${RANDOM_WORD_CHARS},}`, 'dg');
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
    ...[...spansOf(text, PASSWORD_THEN, 'field', 1), ...spansOf(text, PASSWORD_IS, 'field', 1)].filter(
      (span) => !isAbout(text.slice(span.start, span.end)),
    ),
    ...spansOf(text, PIN, 'field', 1),
    ...spansOf(text, PHONE, 'phone'),
    ...spansOf(text, DIGITS, 'card').filter((span) => isCardNumber(text.slice(span.start, span.end))),
    ...spansOf(text, HEX, 'secret').filter((span) => isOpaque(text, span, (found) => /[a-f]/i.test(found))),
    ...spansOf(text, LONG, 'secret').filter((span) => isOpaque(text, span, looksRandom)),
    ...spansOf(text, RUN, 'secret').filter((span) => isOpaque(text, span, isRandomWord)),
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

function isAbout(word: string): boolean {
  return !/\w/.test(word) || ABOUT.has(word.toLowerCase().replace(/\W+$/, ''));
}

/** A number with an exponent, from behind its point on. */
const FRACTION = /^\d+e(?:[+-]?\d+)?$/i;

function isOpaque(
  text: string,
  { start, end }: SecretSpan,
  looksLikeOne: (found: string) => boolean,
): boolean {
  const found = text.slice(start, end);
  return looksLikeOne(found) && !(text[start - 1] === '.' && FRACTION.test(found));
}

/** Letters of both cases with something between: shorter ones may be a path. */
const LETTERS = 30;

/** Letters and digits mixed; where a slash could make it a path, capitals too. Letters alone, if they are no words. */
function looksRandom(text: string): boolean {
  if (!/[A-Za-z]/.test(text)) return false;
  const bothCases = /[A-Z]/.test(text) && /[a-z]/.test(text);
  if (/\d/.test(text)) return !text.includes('/') || bothCases;
  return bothCases && text.length >= LETTERS && text.split('/').some(isRandomWord);
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
