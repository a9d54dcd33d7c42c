import { hash32 } from '../core/hash.ts';
import { JsonNumber, type JsonObject, JsonRepeated, type JsonValue } from './json-reader.ts';
import type { PathState } from './rule-state.ts';
import { seenAs } from './rule-values.ts';

/**
 * 32 bits that are the same for equal JSON values: key order and the form of numbers do not matter, nor does what rules
 * hide. Used to line lists up; that two values are equal is never concluded from it (two numbers beyond 2^53 may share
 * one).
 * @param state what rules say here, or null
 */
export function digest(value: JsonValue, state: PathState | null): number {
  if (state !== null) return ruledDigest(value, state);
  if (value === null) return 0x6e;
  if (typeof value === 'boolean') return value ? 0x74 : 0x66;
  if (typeof value === 'string') return hash32(value, 1);
  if (value instanceof JsonNumber) return hash32(String(Number(value.text)), 2);
  if (value instanceof JsonRepeated) return listDigest(value.values, 3, null);
  if (Array.isArray(value)) return listDigest(value, 4, null);
  let sum = 5;
  for (const [key, member] of value) sum = (sum + hash32(key, digest(member, null))) >>> 0;
  return sum;
}

function ruledDigest(value: JsonValue, state: PathState): number {
  if (state.hidesAll) return 6;
  if (typeof value === 'string') return hash32(seenAs(state.values, value, false), 1);
  if (value instanceof JsonNumber) return ruledNumber(value.text, state);
  if (value === null || typeof value === 'boolean') return digest(value, null);
  if (value instanceof JsonRepeated)
    return value.values.reduce<number>((sum, each) => sum + digest(each, state), 3) >>> 0;
  if (!Array.isArray(value)) return membersDigest(value, state);
  if (state.list === null) return listDigest(value, 4, state.element());
  // Lists that are equal under the rule come out equal: order means nothing, and in a set repetition does not either.
  const parts = value.map((element) => digest(element, state.element()));
  const counted = state.list.action.do === 'unordered' ? [...new Set(parts)] : parts;
  return counted.reduce((sum, part) => (sum + part) >>> 0, 7);
}

function ruledNumber(text: string, state: PathState): number {
  const seen = seenAs(state.values, text, true);
  return hash32(seen === text ? String(Number(text)) : seen, 2);
}

function membersDigest(value: JsonObject, state: PathState): number {
  let sum = 5;
  for (const [key, member] of value) {
    const inside = state.child(key);
    // A member that is hidden may as well be absent.
    if (inside?.hidesAll !== true) sum = (sum + hash32(key, digest(member, inside))) >>> 0;
  }
  return sum;
}

function listDigest(values: readonly JsonValue[], seed: number, state: PathState | null): number {
  let sum = seed;
  for (const value of values) sum = (Math.imul(sum, 31) + digest(value, state)) >>> 0;
  return sum;
}
