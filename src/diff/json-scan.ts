// HOT in the diff thread: one pass over bytes; nothing is built but the way to one container.
import { LIMITS } from '../core/limits.ts';

/** Where a key stands with its quotes. */
export type KeySpan = readonly [start: number, end: number];

/** A value of a document by its bytes, for an object or a list from its opening bracket to behind its closing one. */
export interface FoundPart {
  readonly start: number;
  readonly end: number;
  /** Objects and lists around it. */
  readonly depth: number;
  /** The way to it from the root; null for an element of a list. */
  readonly keys: readonly (KeySpan | null)[];
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Proves that bytes are one JSON document (RFC 8259) and finds the smallest values that hold a stretch of them: one that
 * is no object or list, if there is one, and the smallest object or list that holds it inside its brackets.
 * @returns the smallest first; none for what is no document or is deeper than `LIMITS.jsonDepth`, and none that is the
 * root or has an object on its way that is so large that it may be a table
 */
export function findParts(bytes: Uint8Array, from: number, to: number): FoundPart[] {
  const scan = new Scan(bytes, from, to);
  if (!scan.document()) return [];
  return [scan.scalar, scan.container].filter((part) => part !== null && part.depth > 0) as FoundPart[];
}

/** One entry for each open container: how many members came, and the last key. A scan never waits. */
const members = new Int32Array(LIMITS.jsonDepth);
const keyStarts = new Int32Array(LIMITS.jsonDepth);
const keyEnds = new Int32Array(LIMITS.jsonDepth);

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

class Scan {
  scalar: FoundPart | null = null;
  container: FoundPart | null = null;
  private readonly bytes: Uint8Array;
  private readonly from: number;
  private readonly to: number;
  private at = 0;
  private beyondAscii = false;
  private depth = 0;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  document(): boolean {
    this.space();
    if (!this.value()) return false;
    this.space();
    if (this.at !== this.bytes.length) return false;
    return !this.beyondAscii || isUtf8(this.bytes);
  }

  private value(): boolean {
    const start = this.at;
    const first = this.bytes[start];
    if (first === OPEN_OBJECT || first === OPEN_LIST) return this.nested(first);
    if (!this.plain(first)) return false;
    if (start <= this.from && this.at >= this.to && this.scalar === null) this.scalar = this.part(start);
    return true;
  }

  /** A value that is no object and no list. */
  private plain(first: number | undefined): boolean {
    if (first === QUOTE) return this.string();
    if (first === 0x74) return this.word(0x72, 0x75, 0x65);
    if (first === 0x6e) return this.word(0x75, 0x6c, 0x6c);
    if (first === 0x66) return this.bytes[this.at + 1] === 0x61 && this.falseRest();
    return this.number();
  }

  private falseRest(): boolean {
    this.at += 1;
    return this.word(0x6c, 0x73, 0x65);
  }

  /** Three bytes after the one at hand. */
  private word(second: number, third: number, fourth: number): boolean {
    const { bytes, at } = this;
    if (bytes[at + 1] !== second || bytes[at + 2] !== third || bytes[at + 3] !== fourth) return false;
    this.at = at + 4;
    return true;
  }

  private nested(open: number): boolean {
    const { depth } = this;
    if (depth === LIMITS.jsonDepth) return false;
    const start = this.at;
    members[depth] = 0;
    keyStarts[depth] = -1;
    this.depth = depth + 1;
    this.at += 1;
    const closed = open === OPEN_OBJECT ? this.object(depth) : this.list(depth);
    if (!closed) return false;
    this.depth = depth;
    const holds = start < this.from && this.at > this.to;
    if (holds && open === OPEN_OBJECT && (members[depth] ?? 0) > LIMITS.jsonTableKeys) this.forget(start);
    if (holds && this.container === null) this.container = this.part(start);
    return true;
  }

  /** Keys of a table are no part of a way; so what stands inside of it is not looked at alone. */
  private forget(start: number): void {
    this.scalar = null;
    // A part at the root is none: the whole is read then.
    if (this.container !== null) this.container = { start, end: this.at, depth: 0, keys: [] };
  }

  private part(start: number): FoundPart {
    const keys = Array.from({ length: this.depth }, (_, level): KeySpan | null => {
      const keyStart = keyStarts[level] as number;
      return keyStart === -1 ? null : [keyStart, keyEnds[level] as number];
    });
    return { start, end: this.at, depth: this.depth, keys };
  }

  private object(depth: number): boolean {
    const { bytes } = this;
    this.space();
    if (bytes[this.at] === CLOSE_OBJECT) {
      this.at += 1;
      return true;
    }
    for (;;) {
      if (bytes[this.at] !== QUOTE) return false;
      keyStarts[depth] = this.at;
      if (!this.string()) return false;
      keyEnds[depth] = this.at;
      this.space();
      if (bytes[this.at] !== COLON) return false;
      this.at += 1;
      this.space();
      if (!this.value()) return false;
      (members[depth] as number) += 1;
      this.space();
      const next = bytes[this.at];
      this.at += 1;
      if (next === CLOSE_OBJECT) return true;
      if (next !== COMMA) return false;
      this.space();
    }
  }

  private list(depth: number): boolean {
    const { bytes } = this;
    this.space();
    if (bytes[this.at] === CLOSE_LIST) {
      this.at += 1;
      return true;
    }
    for (;;) {
      if (!this.value()) return false;
      (members[depth] as number) += 1;
      this.space();
      const next = bytes[this.at];
      this.at += 1;
      if (next === CLOSE_LIST) return true;
      if (next !== COMMA) return false;
      this.space();
    }
  }

  private string(): boolean {
    const { bytes } = this;
    let at = this.at + 1;
    for (;;) {
      const byte = bytes[at] as number;
      // undefined, past the end, is refused too.
      if (!(byte >= 0x20)) return false;
      at += 1;
      if (byte === QUOTE) break;
      if (byte >= 0x80) this.beyondAscii = true;
      if (byte === BACKSLASH) {
        const length = escapeLength(bytes, at);
        if (length === 0) return false;
        at += length;
      }
    }
    this.at = at;
    return true;
  }

  private number(): boolean {
    const { bytes } = this;
    let { at } = this;
    if (bytes[at] === 0x2d) at += 1;
    const first = bytes[at];
    const whole = digits(bytes, at);
    if (whole === at || (first === 0x30 && whole > at + 1)) return false;
    at = whole;
    if (bytes[at] === 0x2e) {
      const end = digits(bytes, at + 1);
      if (end === at + 1) return false;
      at = end;
    }
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      const sign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? 2 : 1;
      const end = digits(bytes, at + sign);
      if (end === at + sign) return false;
      at = end;
    }
    this.at = at;
    return true;
  }

  private space(): void {
    const { bytes } = this;
    let byte = bytes[this.at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.at += 1;
      byte = bytes[this.at];
    }
  }
}

/** First place from `at` on that is no digit. */
function digits(bytes: Uint8Array, at: number): number {
  let end = at;
  for (let byte = bytes[end] as number; byte >= 0x30 && byte <= 0x39; byte = bytes[end] as number) end += 1;
  return end;
}

/** Characters of an escape after its backslash; 0 for what is none. */
function escapeLength(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte !== 0x75) return byte !== undefined && SIMPLE.includes(byte) ? 1 : 0;
  for (let index = at + 1; index < at + 5; index += 1) {
    const digit = (bytes[index] as number) | 0x20;
    if (!((digit >= 0x30 && digit <= 0x39) || (digit >= 0x61 && digit <= 0x66))) return 0;
  }
  return 5;
}

/** `"\/bfnrt` */
const SIMPLE = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
