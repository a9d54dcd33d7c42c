import { isAboutBody, type Fields } from './headers.ts';

/**
 * A conditional request of a client that knows the answer of one lane: that lane says 304, the other one, whose
 * validators are its own, says 200 (RFC 9110, section 13.2.2). Both are right, and what they share is compared.
 */

/** Never taken from the pair: a 304 says it in its own way, because it has no body to describe. */
const LEFT_OUT = new Set(['vary']);

/** Whether one lane says 304 and the other 200 to a request that carried a validator. */
export function isRevalidation(conditional: boolean, legacy: number, candidate: number): boolean {
  if (!conditional) return false;
  return (legacy === 304 && candidate === 200) || (legacy === 200 && candidate === 304);
}

/** Whether an answer names a validator; without one no client can ask for it conditionally again. */
export function hasValidator(fields: Fields): boolean {
  return fields.has('etag') || fields.has('last-modified');
}

/**
 * The fields of both answers that can be held against each other: validators whether they are there or not, and
 * everything else where both answers have it.
 * @param notModified fields of the 304
 * @param full fields of the 200
 */
export function sharedFields(
  notModified: Fields,
  full: Fields,
): readonly [notModified: Fields, full: Fields] {
  const isShared = (name: string): boolean => {
    if (name === 'etag') return true;
    // A 304 with an entity tag need not repeat the date (section 15.4.5).
    if (name === 'last-modified') return notModified.has(name) || !notModified.has('etag');
    if (name === 'date') return true;
    return notModified.has(name) && full.has(name) && !isAboutBody(name) && !LEFT_OUT.has(name);
  };
  const only = (fields: Fields): Fields => new Map([...fields].filter(([name]) => isShared(name)));
  return [only(notModified), only(full)];
}
