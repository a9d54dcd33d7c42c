import type { Difference } from '../core/observation.ts';

/** Longest value that is looked at, and longest that is a pattern of its own: what is longer rarely comes twice. */
const LOOKED_AT_CHARS = 128;
const VALUE_CHARS = 40;

const NUMBER = /^("?)(-?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?)\1$/;
/** What every class is looked at for from its start: the ways values go, and the usual mistakes with numbers. */
export const USUAL_PATTERNS: ReadonlySet<string> = new Set(
  [
    ['up', 'down', 'rewritten', 'one more', 'one less', 'zero', 'negated', 'rounded', 'hours apart'],
    ['x10', 'x100', 'x1000', '/10', '/100', '/1000'],
    ['empty', 'space', 'case', 'as long', 'longer', 'shorter'],
  ].flat(),
);

/** Which way legacy's own noise went, whatever the candidate did: counted on its side alone. */
export const NOISE_WAYS: ReadonlyMap<string, string> = new Map([
  ['up', 'noise up'],
  ['down', 'noise down'],
]);

/** Digits of a step between two numbers: one less than a double has, so that 20.99 - 19.99 is 1. */
const STEP_DIGITS = 12;

/**
 * What one difference of values looks like, in words that may come again: the way it goes (`up`, `longer`, `case`), a
 * usual mistake (`one more`, `x100` for another unit, `rounded`, `hours apart` for another time zone), the step between
 * two numbers (`step 7`) and the value of the second answer (`value 0`). Noise has no pattern of its own that the noise between two legacy answers has not; a candidate that is
 * always one too high has. Values are compared as they are stored: what was masked or cut has no pattern.
 * @returns a handful; none where one side has no value, because the kind of the difference says so already
 */
export function patternsOf({ legacy, candidate }: Pick<Difference, 'legacy' | 'candidate'>): string[] {
  if (legacy === null || candidate === null || !isPlain(legacy) || !isPlain(candidate)) return [];
  const [from, to] = [numberIn(legacy), numberIn(candidate)];
  if (from !== null && to !== null) return numberPatterns(from, to, candidate);
  const value = candidate.length <= VALUE_CHARS ? [`value ${candidate}`] : [];
  return [textPattern(legacy, candidate), ...value];
}

function isPlain(text: string): boolean {
  return text.length <= LOOKED_AT_CHARS && !text.includes('‹masked:') && !text.includes('…');
}

function numberIn(text: string): number | null {
  const digits = NUMBER.exec(text)?.[2];
  return digits === undefined ? null : Number(digits);
}

function numberPatterns(from: number, to: number, candidate: string): string[] {
  const way = to > from ? 'up' : to < from ? 'down' : 'rewritten';
  const step = Number((to - from).toPrecision(STEP_DIGITS));
  return [way, ...mistakes(from, to, step), `step ${step}`, `value ${candidate}`];
}

const UNITS = [10, 100, 1_000];
/** Moments are numbers from here on: seconds since 2001. Zones lie quarters of an hour apart, and 14 h at the most. */
const MOMENTS_FROM = 1e9;
const QUARTER_HOUR_S = 900;
const ZONES_S = 14 * 3_600;

function mistakes(from: number, to: number, step: number): string[] {
  if (to === 0) return ['zero'];
  const found = [
    ...(step === 1 ? ['one more'] : []),
    ...(step === -1 ? ['one less'] : []),
    ...(from !== 0 && to === -from ? ['negated'] : []),
    ...(Number.isInteger(to) && !Number.isInteger(from) && Math.abs(step) < 1 ? ['rounded'] : []),
    ...(isZoneApart(from, step) ? ['hours apart'] : []),
  ];
  for (const unit of UNITS) {
    if (isNear(to, from * unit)) found.push(`x${unit}`);
    if (isNear(to * unit, from)) found.push(`/${unit}`);
  }
  return found;
}

function isZoneApart(from: number, step: number): boolean {
  const seconds = Math.abs(from > MOMENTS_FROM * 1_000 ? step / 1_000 : step);
  return from >= MOMENTS_FROM && seconds > 0 && seconds <= ZONES_S && seconds % QUARTER_HOUR_S === 0;
}

function isNear(one: number, other: number): boolean {
  return other !== 0 && Number(one.toPrecision(STEP_DIGITS)) === Number(other.toPrecision(STEP_DIGITS));
}

function textPattern(legacy: string, candidate: string): string {
  const [one, other] = [unquoted(legacy), unquoted(candidate)];
  if (one === '' || other === '') return 'empty';
  if (one.trim() === other.trim()) return 'space';
  if (one.toLowerCase() === other.toLowerCase()) return 'case';
  if (one.length === other.length) return 'as long';
  return other.length > one.length ? 'longer' : 'shorter';
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
