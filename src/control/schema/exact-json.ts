import { z } from 'zod';

/** Numbers that JSON cannot say, by their names. */
const UNSAYABLE = ['Infinity', '-Infinity', '-0', 'NaN'] as const;
type Unsayable = (typeof UNSAYABLE)[number];

/** A number as it was, to the last bit: what JSON cannot say stands as `{ "$number": "-Infinity" }`. */
export const exactNumber = z.union([z.number(), z.strictObject({ $number: z.enum(UNSAYABLE) })]);

/** Whatever {@link toExactJson} writes. */
export const exactJson = z.json();

/**
 * Plain data as JSON that gives the same data back: numbers that JSON cannot say are named, and fields that are
 * undefined are left out, as JSON does.
 */
export function toExactJson(value: unknown): unknown {
  if (typeof value === 'number') return isSayable(value) ? value : { $number: nameOf(value) };
  if (Array.isArray(value)) return value.map((item) => toExactJson(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, toExactJson(field)]));
}

/** The data that {@link toExactJson} was given. */
export function fromExactJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => fromExactJson(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === '$number' && isName(first[1])) return Number(first[1]);
  return Object.fromEntries(entries.map(([name, field]) => [name, fromExactJson(field)]));
}

function isSayable(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function isName(value: unknown): value is Unsayable {
  return UNSAYABLE.some((name) => name === value);
}
