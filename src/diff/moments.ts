/**
 * Dates in answers are never equal, but on which side of now they lie is what they say. Now is what the answer's
 * own `Date` says, so that the diff needs no clock and says the same about the same pair at any time.
 */

/** A date of both lanes, or the moments they were made at; null: not known. */
export interface Moments {
  readonly legacy: number | null;
  readonly candidate: number | null;
}

/** Longer than any date has (RFC 9110, section 5.6.7; cookies write more freely). */
const DATE_CHARS = 64;
/** A date has a month by name and a time of day; `0` and `-1` are no dates, though some parsers think so. */
const DATE = /[A-Za-z]{3}.*\d:\d\d|\d:\d\d.*[A-Za-z]{3}/;
const ZONE = /GMT|UTC|[+-]\d{4}/;
/** With no clock at all: whatever lies before was meant as the past. */
const LONG_AGO_MS = Date.UTC(2000, 0, 1);
/** With no clock at all: two dates farther apart than this do not say the same. */
const APART_MS = 24 * 60 * 60 * 1_000;

/** @returns milliseconds since the Unix epoch; null for what is no date */
export function momentOf(text: string | undefined): number | null {
  if (text === undefined || text.length > DATE_CHARS || !DATE.test(text)) return null;
  const moment = Date.parse(ZONE.test(text) ? text : `${text} GMT`);
  return Number.isNaN(moment) ? null : moment;
}

/** When both answers were made: by their `Date` fields; one speaks for both where the other has none. */
export function madeAt(legacy: string | undefined, candidate: string | undefined): Moments {
  const [one, other] = [momentOf(legacy), momentOf(candidate)];
  return { legacy: one ?? other, candidate: other ?? one };
}

/** Whether a moment is not after the answer that names it. */
export function isPast(moment: number, nowMs: number | null): boolean {
  return moment <= (nowMs ?? LONG_AGO_MS);
}

/** Whether two moments that nothing else can be held against are too far apart to mean the same. */
export function areApart(moments: Moments, now: Moments): boolean {
  if (now.legacy !== null || moments.legacy === null || moments.candidate === null) return false;
  return Math.abs(moments.legacy - moments.candidate) > APART_MS;
}
