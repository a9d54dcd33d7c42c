// HOT in the diff thread: what is common to two documents is looked at once, and built never.
import { LIMITS } from '../core/limits.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  INVALID,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  Skim,
} from './json-skim.ts';

/** Where a key stands with its quotes. */
export type KeySpan = readonly [start: number, end: number];

/** Two values at one place that are not the same bytes. */
export interface DifferingSpan {
  readonly legacy: readonly [start: number, end: number];
  readonly candidate: readonly [start: number, end: number];
  /** The way from the root; null for an element of a list. As many as there are objects and lists around it. */
  readonly keys: readonly (KeySpan | null)[];
}

/** Whether the list or object at this level of the way has to be compared as a whole. */
export type IsWhole = (keys: DifferingSpan['keys'], level: number) => boolean;

/**
 * Walks through two documents at once and finds the smallest values that hold all in which they differ. A list in which
 * more than one element differs is one such value, because only all of it says what was moved; so is an object so large
 * that it may be a table.
 * @returns null for what is no pair of documents within `LIMITS.jsonDepth`, and where it is the roots that differ
 */
export function differingSpans(
  legacy: Uint8Array,
  candidate: Uint8Array,
  isWhole: IsWhole | null,
): DifferingSpan[] | null {
  return new Lockstep(legacy, candidate, isWhole).documents();
}

/** One entry for each open container: how many members came, and the last key. A walk never waits. */
const members = new Int32Array(LIMITS.jsonDepth);
const keyStarts = new Int32Array(LIMITS.jsonDepth);
const keyEnds = new Int32Array(LIMITS.jsonDepth);

/** How a step ended: the walk goes on, what surrounds it has to be taken as a whole, or there is nothing to be had. */
const GOES_ON = 0;
const DIFFERS = 1;
const BROKEN = 2;
type Step = typeof GOES_ON | typeof DIFFERS | typeof BROKEN;

class Lockstep {
  private readonly legacy: Uint8Array;
  private readonly candidate: Uint8Array;
  private readonly isWhole: IsWhole | null;
  private readonly skim: Skim;
  private readonly candidateSkim: Skim;
  private readonly spans: DifferingSpan[] = [];
  /** Place in legacy; the candidate is `shift` further. Up to `limit` both are the same bytes. */
  private at = 0;
  private shift = 0;
  private limit = 0;
  private depth = 0;

  constructor(legacy: Uint8Array, candidate: Uint8Array, isWhole: IsWhole | null) {
    this.legacy = legacy;
    this.candidate = candidate;
    this.isWhole = isWhole;
    this.skim = new Skim(legacy);
    this.candidateSkim = new Skim(candidate);
  }

  documents(): DifferingSpan[] | null {
    const { legacy, candidate } = this;
    this.meet(0, 0);
    this.space();
    const first = legacy[this.at];
    if (this.at >= this.limit || (first !== OPEN_OBJECT && first !== OPEN_LIST)) return null;
    if (this.nested(first) !== GOES_ON) return null;
    this.space();
    if (this.at !== legacy.length || this.at + this.shift !== candidate.length) return null;
    return !this.skim.beyondAscii || isUtf8(legacy) ? this.spans : null;
  }

  /** Goes on at these two places, which stand for each other. */
  private meet(at: number, other: number): void {
    this.at = at;
    this.shift = other - at;
    this.limit = at + commonLength(this.legacy, at, this.candidate, other);
  }

  private space(): void {
    this.at = this.skim.space(this.at);
  }

  private value(): Step {
    const { at, legacy } = this;
    const first = legacy[at];
    if (at < this.limit && (first === OPEN_OBJECT || first === OPEN_LIST)) return this.nested(first);
    if (at >= this.limit) return this.note(at, at + this.shift);
    const end = this.skim.plain(at);
    if (end === INVALID) return BROKEN;
    // A number may go on where the other one ends.
    if (end >= this.limit) return this.note(at, at + this.shift);
    this.at = end;
    return GOES_ON;
  }

  /** Two values that differ, and where both go on behind them. */
  private note(start: number, otherStart: number): Step {
    const end = this.skim.value(start, this.depth);
    const otherEnd = this.candidateSkim.value(otherStart, this.depth);
    if (end === INVALID || otherEnd === INVALID) return BROKEN;
    const keys = Array.from({ length: this.depth }, (_, level): KeySpan | null => {
      const keyStart = keyStarts[level] as number;
      return keyStart === -1 ? null : [keyStart, keyEnds[level] as number];
    });
    this.spans.push({ legacy: [start, end], candidate: [otherStart, otherEnd], keys });
    this.meet(end, otherEnd);
    return GOES_ON;
  }

  private nested(open: number): Step {
    const { at, depth, shift } = this;
    if (depth === LIMITS.jsonDepth) return BROKEN;
    const known = this.spans.length;
    members[depth] = 0;
    keyStarts[depth] = -1;
    this.depth = depth + 1;
    this.at = at + 1;
    let step = open === OPEN_OBJECT ? this.object(depth) : this.list(depth);
    this.depth = depth;
    if (step === GOES_ON && this.spans.length > known && this.isTakenWhole(open, known)) step = DIFFERS;
    if (step !== DIFFERS) return step;
    // The roots are read as a whole by whoever asked.
    if (depth === 0) return BROKEN;
    this.spans.length = known;
    return this.note(at, at + shift);
  }

  private isTakenWhole(open: number, known: number): boolean {
    if (open === OPEN_OBJECT && (members[this.depth] ?? 0) > LIMITS.jsonTableKeys) return true;
    return this.isWhole?.((this.spans[known] as DifferingSpan).keys, this.depth) ?? false;
  }

  private object(depth: number): Step {
    this.space();
    const { legacy } = this;
    if (legacy[this.at] === CLOSE_OBJECT) return this.closed();
    for (;;) {
      const key = this.at;
      if (legacy[key] !== QUOTE) return BROKEN;
      const end = this.skim.string(key);
      if (end === INVALID) return BROKEN;
      if (end > this.limit) return DIFFERS;
      this.at = end;
      this.space();
      if (legacy[this.at] !== COLON) return BROKEN;
      if (this.at >= this.limit) return DIFFERS;
      keyStarts[depth] = key;
      keyEnds[depth] = end;
      this.at += 1;
      const step = this.member(depth);
      if (step !== GOES_ON) return step;
      const next = legacy[this.at];
      if (next === CLOSE_OBJECT) return this.closed();
      if (next !== COMMA) return BROKEN;
      if (this.at >= this.limit) return DIFFERS;
      this.at += 1;
      this.space();
      if (this.at > this.limit) return DIFFERS;
    }
  }

  private list(depth: number): Step {
    this.space();
    const { legacy } = this;
    if (legacy[this.at] === CLOSE_LIST) return this.closed();
    let differing = 0;
    for (;;) {
      const known = this.spans.length;
      const step = this.member(depth);
      if (step !== GOES_ON) return step;
      if (this.spans.length > known) differing += 1;
      if (differing > 1) return DIFFERS;
      const next = legacy[this.at];
      if (next === CLOSE_LIST) return this.closed();
      if (next !== COMMA) return BROKEN;
      if (this.at >= this.limit) return DIFFERS;
      this.at += 1;
    }
  }

  /** A value with the white space around it. */
  private member(depth: number): Step {
    this.space();
    if (this.at > this.limit) return DIFFERS;
    const step = this.value();
    if (step !== GOES_ON) return step;
    members[depth] = (members[depth] as number) + 1;
    this.space();
    return GOES_ON;
  }

  /** A closing bracket that both have. */
  private closed(): Step {
    if (this.at >= this.limit) return DIFFERS;
    this.at += 1;
    return GOES_ON;
  }
}

const BLOCK = 1_024;
/** Looked at one by one before blocks are: the next difference is often near. */
const NEAR = 32;

/** How many bytes are the same from two places on. */
function commonLength(one: Uint8Array, start: number, other: Uint8Array, otherStart: number): number {
  const length = Math.min(one.length - start, other.length - otherStart);
  const near = Math.min(NEAR, length);
  let at = 0;
  while (at < near && one[start + at] === other[otherStart + at]) at += 1;
  if (at < near) return at;
  while (at + BLOCK <= length && isSameBlock(one, start + at, other, otherStart + at)) at += BLOCK;
  while (at < length && one[start + at] === other[otherStart + at]) at += 1;
  return at;
}

function isSameBlock(one: Uint8Array, start: number, other: Uint8Array, otherStart: number): boolean {
  const block = one.subarray(start, start + BLOCK);
  return Buffer.compare(block, other.subarray(otherStart, otherStart + BLOCK)) === 0;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
