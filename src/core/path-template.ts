// HOT: one scan of the path; a word in lower case is known as one by one test.

import { isRandomWord } from './random-word.ts';

/** A word as people write one: no digit, no capital, short. */
const WORD = /^[a-z._~-]{0,15}$/;
const NUMBER = /^\d+$/;
const HEX_ID = /^(?=.*\d)[0-9a-f]{8,}$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A digit inside of a word, as tokens have them; `v2` and `top10` are words, and short ones are names (`b2b`, `oauth2`). */
const DIGIT_INSIDE = /^(?=.{9})[^]*[a-z]\d+[a-z]/i;
/** A telephone number, a date, a number of an order: each is one of thousands. */
const MANY_DIGITS = /(?:\d[^\d]*){6}/;
/** An address, or what is still encoded after it was decoded once. */
const ADDRESS = /@|%[\da-f]{2}/i;
const LONGEST_WORD = 40;

/**
 * The template of one path, see `EndpointTable`: `/users/123` → `/users/{id}`. What may be somebody's (an address, a
 * token) is folded, too: a template is stored and shown unmasked. Matrix parameters (`;jsessionid=…`) are cut off.
 */
export function templateOf(path: string): string {
  return path.split('/').map(templateOfSegment).join('/');
}

function templateOfSegment(segment: string): string {
  if (WORD.test(segment)) return segment;
  const end = segment.indexOf(';');
  const name = end === -1 ? segment : segment.slice(0, end);
  const plain = name.includes('%') ? decoded(name) : name;
  if (plain === null) return '{id}';
  // An encoded `;` begins parameters, too, for a server that decodes first.
  return plain.includes(';') || isId(plain) ? '{id}' : name;
}

/** Null for what is no UTF-8. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function isId(segment: string): boolean {
  return (
    segment.length > LONGEST_WORD ||
    NUMBER.test(segment) ||
    HEX_ID.test(segment) ||
    UUID.test(segment) ||
    ADDRESS.test(segment) ||
    DIGIT_INSIDE.test(segment) ||
    MANY_DIGITS.test(segment) ||
    isRandomWord(segment)
  );
}
