import { hash32 } from '../core/hash.ts';
import { JsonNumber, JsonRepeated, type JsonValue } from './json-reader.ts';

/**
 * 32 bits that are the same for equal JSON values: key order and the form of numbers do not matter. Used to line
 * lists up; that two values are equal is never concluded from it (two numbers beyond 2^53 may share one).
 */
export function digest(value: JsonValue): number {
  if (value === null) return 0x6e;
  if (typeof value === 'boolean') return value ? 0x74 : 0x66;
  if (typeof value === 'string') return hash32(value, 1);
  if (value instanceof JsonNumber) return hash32(String(Number(value.text)), 2);
  if (value instanceof JsonRepeated) return listDigest(value.values, 3);
  if (Array.isArray(value)) return listDigest(value, 4);
  let sum = 5;
  for (const [key, member] of value) sum = (sum + hash32(key, digest(member))) >>> 0;
  return sum;
}

function listDigest(values: readonly JsonValue[], seed: number): number {
  let sum = seed;
  for (const value of values) sum = (Math.imul(sum, 31) + digest(value)) >>> 0;
  return sum;
}
