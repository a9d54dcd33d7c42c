import { LIMITS } from '../core/limits.ts';
import type { JsonPart, JsonPlace } from './json-compare.ts';
import { stateBelow } from './json-compare.ts';
import { type DifferingSpan, differingSpans, type IsWhole } from './json-lockstep.ts';
import { type JsonValue, readJson } from './json-reader.ts';
import type { PathState } from './rule-state.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Finds the smallest values of two documents that hold all of their differences, and reads only those. What stands
 * around them is the same bytes in both, so that one look at one of them proves both valid.
 * @param state what rules say at the root, or null
 * @returns null where the whole has to be read: a document that is not valid or beyond the limits, or a difference of
 * the roots themselves
 */
export function differingParts(
  legacy: Uint8Array,
  candidate: Uint8Array,
  state: PathState | null,
): JsonPart[] | null {
  // A value takes two bytes at the least, its comma included, so that neither is beyond the limit of values.
  if (Math.max(legacy.length, candidate.length) > 2 * LIMITS.jsonNodes) return null;
  const isWhole: IsWhole | null =
    state === null
      ? null
      : (keys, level) => (stateAt(state, legacy, keys.slice(0, level))?.list ?? null) !== null;
  const spans = differingSpans(legacy, candidate, isWhole);
  if (spans === null) return null;
  const parts: JsonPart[] = [];
  for (const span of spans) {
    const part = readBoth(legacy, candidate, span);
    if (part === null) return null;
    parts.push(part);
  }
  return parts;
}

function stateAt(root: PathState, bytes: Uint8Array, keys: DifferingSpan['keys']): PathState | null {
  let state: PathState | null = root;
  for (const key of placeOf(bytes, keys) ?? []) state = stateBelow(state, key);
  return state;
}

function readBoth(
  legacy: Uint8Array,
  candidate: Uint8Array,
  { legacy: one, candidate: other, keys }: DifferingSpan,
): JsonPart | null {
  const place = placeOf(legacy, keys);
  const values = [readPart(legacy, one, keys.length), readPart(candidate, other, keys.length)] as const;
  if (place === null || values[0] === undefined || values[1] === undefined) return null;
  return { legacy: values[0], candidate: values[1], place };
}

/** Keys of the way; null where one of them is no text. */
function placeOf(bytes: Uint8Array, keys: DifferingSpan['keys']): JsonPlace | null {
  const place: (string | null)[] = [];
  for (const key of keys) {
    const name = key === null ? null : keyText(bytes.subarray(key[0], key[1]));
    if (name === undefined) return null;
    place.push(name);
  }
  return place;
}

function keyText(quoted: Uint8Array): string | undefined {
  try {
    return JSON.parse(textOf(quoted)) as string;
  } catch {
    return undefined;
  }
}

function readPart(
  bytes: Uint8Array,
  [start, end]: readonly [start: number, end: number],
  depth: number,
): JsonValue | undefined {
  try {
    const reading = readJson(textOf(bytes.subarray(start, end)), depth);
    return reading.ok ? reading.value : undefined;
  } catch {
    return undefined;
  }
}

/** A decoder costs a microsecond however short the text is; most keys and values are shorter than this. */
const SHORT = 32;

/** @throws TypeError for what is no UTF-8 */
function textOf(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return UTF8.decode(bytes);
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return UTF8.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}
