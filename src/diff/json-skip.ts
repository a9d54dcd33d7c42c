// HOT in the diff thread: what is common to two documents is looked at once, and built never.
import { LIMITS } from '../core/limits.ts';
import type { JsonPlace } from './json-compare.ts';
import { stateBelow } from './json-compare.ts';
import { type JsonValue, readJson } from './json-reader.ts';
import { findParts, type FoundPart } from './json-scan.ts';
import type { PathState } from './rule-state.ts';

/** The part of two documents that holds everything in which they differ. */
export interface DifferingPart {
  readonly legacy: JsonValue;
  readonly candidate: JsonValue;
  readonly place: JsonPlace;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Bytes compared at once where two documents begin or end alike. */
const BLOCK = 1_024;

/**
 * Finds the smallest value of two documents that holds all of their differences, and reads only that. What
 * stands around it is the same bytes in both, so that one look at one of them proves both valid.
 * @returns null where the whole has to be read: a document that is not valid or beyond the limits, a difference at its
 * root, a key on the way that may stand twice, a list on the way that a rule arranges
 */
export function differingPart(
  legacy: Uint8Array,
  candidate: Uint8Array,
  state: PathState | null,
): DifferingPart | null {
  // A value takes two bytes at the least, its comma included, so that neither is beyond the limit of values.
  if (Math.max(legacy.length, candidate.length) > 2 * LIMITS.jsonNodes) return null;
  const start = commonPrefix(legacy, candidate);
  const end = commonSuffix(legacy, candidate, start);
  for (const found of findParts(legacy, start, legacy.length - end)) {
    const part = readBoth([legacy, candidate], found, state);
    if (part !== null) return part;
  }
  return null;
}

function readBoth(
  [legacy, candidate]: readonly [Uint8Array, Uint8Array],
  { start, end, depth, keys }: FoundPart,
  state: PathState | null,
): DifferingPart | null {
  const other = readPart(candidate, start, end + candidate.length - legacy.length, depth);
  if (other === undefined) return null;
  const one = readPart(legacy, start, end, depth);
  const place = one === undefined ? null : placeOf(legacy, keys, state);
  return one === undefined || place === null ? null : { legacy: one, candidate: other, place };
}

function commonPrefix(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  let at = 0;
  while (
    at + BLOCK <= length &&
    Buffer.compare(one.subarray(at, at + BLOCK), other.subarray(at, at + BLOCK)) === 0
  ) {
    at += BLOCK;
  }
  while (at < length && one[at] === other[at]) at += 1;
  return at;
}

/** Never reaches into the common start. */
function commonSuffix(one: Uint8Array, other: Uint8Array, start: number): number {
  const most = Math.min(one.length, other.length) - start;
  const block = (bytes: Uint8Array, back: number): Uint8Array =>
    bytes.subarray(bytes.length - back - BLOCK, bytes.length - back);
  let back = 0;
  while (back + BLOCK <= most && Buffer.compare(block(one, back), block(other, back)) === 0) back += BLOCK;
  while (back < most && one[one.length - 1 - back] === other[other.length - 1 - back]) back += 1;
  return back;
}

/** Keys of the way, or null where the part cannot be compared alone. */
function placeOf(bytes: Uint8Array, keys: FoundPart['keys'], state: PathState | null): JsonPlace | null {
  const place: (string | null)[] = [];
  let here = state;
  for (const key of keys) {
    // A rule that arranges a list needs all of it.
    if (here !== null && here.list !== null) return null;
    const name = key === null ? null : keyText(bytes.subarray(key[0], key[1]));
    if (name === undefined) return null;
    place.push(name);
    here = stateBelow(here, name);
  }
  return place;
}

function keyText(quoted: Uint8Array): string | undefined {
  try {
    return JSON.parse(UTF8.decode(quoted)) as string;
  } catch {
    return undefined;
  }
}

function readPart(bytes: Uint8Array, start: number, end: number, depth: number): JsonValue | undefined {
  try {
    const reading = readJson(UTF8.decode(bytes.subarray(start, end)), depth);
    return reading.ok ? reading.value : undefined;
  } catch {
    return undefined;
  }
}
