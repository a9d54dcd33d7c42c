import { LIMITS } from '../core/limits.ts';
import { privateKeysIn } from './private-key.ts';
import { findSecrets, type SecretSpan } from './secrets.ts';

/**
 * Makes values safe to store and to print: secrets hidden, control characters spelled out, length bounded.
 * Differences are found on raw values and leave the room only through here.
 */

/** Characters looked at on each side of the place that matters, so that a secret is seen whole. */
const WINDOW_CHARS = 1_024;
/** Characters shown before that place. */
const LEAD_CHARS = 64;
/** Characters of the original that may be shown after it: a secret that starts there still lies in the window. */
const TAIL_CHARS = 512;
const CUT = '…';
/** A word or a number too short for anything that is looked for; most values that differ are one. */
const SHORT = /^"?(?:[A-Za-z_.+-]{0,8}|-?[\d.]{0,10})"?$/;

/** What stands for something hidden. */
export function hidden(kind: string): string {
  return `‹masked:${kind}›`;
}

/** A text from its beginning, masked, at most `LIMITS.exampleChars` characters. */
export function mask(text: string): string {
  return maskAround(text, 0);
}

/** Two texts masked alike, both shown from shortly before the first place where they differ. */
export function maskPair(legacy: string, candidate: string): [legacy: string, candidate: string] {
  if (SHORT.test(legacy) && SHORT.test(candidate)) return [legacy, candidate];
  const at = firstDifference(legacy, candidate);
  return [maskAround(legacy, at), maskAround(candidate, at)];
}

/** Index of the first code unit that differs; the shorter length where one text begins the other. */
export function firstDifference(legacy: string, candidate: string): number {
  const length = Math.min(legacy.length, candidate.length);
  let index = 0;
  while (index < length && legacy.charCodeAt(index) === candidate.charCodeAt(index)) index += 1;
  return index;
}

/**
 * A text masked, from shortly before the character at `at`.
 * @returns at most `LIMITS.exampleChars` characters; `…` where something was cut off
 */
export function maskAround(text: string, at: number): string {
  const from = Math.max(0, at - WINDOW_CHARS);
  const window = text.slice(from, at + WINDOW_CHARS);
  const spans = [...keysAround(text, from, window.length), ...findSecrets(window)].toSorted(
    (one, other) => one.start - other.start || other.end - one.end,
  );
  const end = Math.min(window.length, at - from + TAIL_CHARS);
  let position = at <= LEAD_CHARS ? 0 : at - from - LEAD_CHARS;
  let shown = position + from === 0 ? '' : CUT;
  for (const span of spans) {
    if (span.end <= position) continue;
    if (span.start >= end) break;
    shown += window.slice(position, Math.max(position, span.start)) + hidden(span.kind);
    position = span.end;
  }
  if (position < end) shown += window.slice(position, end);
  return shortened(spelledOut(shown), Math.max(position, end) + from < text.length);
}

/** Private keys are longer than what is looked at: one of which only the middle lies in the window is hidden as well. */
function keysAround(text: string, from: number, length: number): SecretSpan[] {
  return privateKeysIn(text)
    .map(({ start, end }) => ({
      start: Math.max(0, start - from),
      end: Math.min(length, end - from),
      kind: 'key',
    }))
    .filter(({ start, end }) => start < end);
}

/** Cuts without splitting a marker or a surrogate pair. */
function shortened(text: string, more: boolean): string {
  const limit = LIMITS.exampleChars - CUT.length;
  if (text.length <= limit) return more ? text + CUT : text;
  const head = text.slice(0, limit);
  const marker = head.lastIndexOf('‹');
  const split = marker > head.lastIndexOf('›') && text.startsWith('‹masked:', marker);
  const whole = split ? head.slice(0, marker) : head;
  return whole.replace(/[\ud800-\udbff]$/, '') + CUT;
}

/** Control, invisible and direction-changing characters: an example must not drive a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

function spelledOut(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
  });
}

/**
 * A request target that is safe to store: the path is kept but for parts that look like a secret, the names of
 * the query are kept, and every value of it is hidden, because nobody can tell a search word from a reset token.
 */
export function maskTarget(target: string): string {
  const mark = target.indexOf('?');
  if (mark === -1) return mask(target);
  const query = target
    .slice(mark + 1)
    .split('&')
    .map(maskParameter)
    .join('&');
  return shortened(`${mask(target.slice(0, mark))}?${query}`, false);
}

function maskParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals === -1) return mask(parameter);
  const value = equals === parameter.length - 1 ? '' : hidden('query');
  return `${mask(parameter.slice(0, equals))}=${value}`;
}
