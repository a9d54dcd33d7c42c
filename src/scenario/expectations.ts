import { canonicalJson } from '../core/hash.ts';
import { atPointer } from './pointer.ts';
import type { Expectation, Operator } from './schema-expect.ts';

/** A promise and what became of it. */
export interface CheckedExpectation {
  readonly name: string;
  readonly path: string;
  readonly op: Operator;
  readonly expected: unknown;
  /** Null where nothing is there. */
  readonly actual: unknown;
  readonly ok: boolean;
}

/** Looks every expectation up in the result. What is not there fulfils `ne` and `lacks` no more than the others. */
export function checkExpectations(result: unknown, expect: readonly Expectation[]): CheckedExpectation[] {
  return expect.map(({ name, ...promise }) => ({ name, ...checkPromise(result, promise) }));
}

type Checked = Omit<CheckedExpectation, 'name'>;

/** Looks one promise up. */
export function checkPromise(result: unknown, { path, op, value }: Omit<Expectation, 'name'>): Checked {
  const actual = atPointer(result, path);
  const expected = value ?? (op === 'exists' ? true : null);
  const ok = op === 'exists' ? (actual !== undefined) === expected : holds(op, actual, expected);
  return { path, op, expected, actual: actual ?? null, ok };
}

type Comparison = (actual: unknown, expected: unknown) => boolean;

const COMPARISONS: Readonly<Record<Exclude<Operator, 'exists'>, Comparison>> = {
  eq: same,
  ne: (actual, expected) => !same(actual, expected),
  lt: numbers((actual, expected) => actual < expected),
  lte: numbers((actual, expected) => actual <= expected),
  gt: numbers((actual, expected) => actual > expected),
  gte: numbers((actual, expected) => actual >= expected),
  contains: (actual, expected) => contains(actual, expected) === true,
  lacks: (actual, expected) => contains(actual, expected) === false,
  matches: (actual, expected) => isScalar(actual) && new RegExp(String(expected)).test(String(actual)),
};

function holds(op: Exclude<Operator, 'exists'>, actual: unknown, expected: unknown): boolean {
  return actual !== undefined && COMPARISONS[op](actual, expected);
}

function numbers(compare: (actual: number, expected: number) => boolean): Comparison {
  return (actual, expected) =>
    typeof actual === 'number' && typeof expected === 'number' && compare(actual, expected);
}

/** Null where the question makes no sense: the actual value is neither a text nor a list. */
function contains(actual: unknown, expected: unknown): boolean | null {
  if (typeof actual === 'string') return typeof expected === 'string' ? actual.includes(expected) : null;
  return Array.isArray(actual) ? actual.some((item) => fits(item, expected)) : null;
}

/** A map fits what has at least its keys with fitting values; anything else fits what equals it. */
function fits(item: unknown, expected: unknown): boolean {
  if (!isMap(expected)) return same(item, expected);
  return (
    isMap(item) &&
    Object.entries(expected).every(([key, value]) => Object.hasOwn(item, key) && fits(item[key], value))
  );
}

function same(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return value !== null && typeof value !== 'object';
}
