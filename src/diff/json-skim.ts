// HOT in the diff thread: one pass over bytes, nothing is built.
import { LIMITS } from '../core/limits.ts';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const BACKSLASH = 0x5c;

/** What no value is. */
export const INVALID = -1;

/** Passes over values of a JSON text (RFC 8259) and proves them valid, but for UTF-8: see {@link beyondAscii}. */
export class Skim {
  /** A string had bytes that are no ASCII. */
  beyondAscii = false;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** @returns the place behind the value that starts at `at`, or `INVALID` */
  value(at: number, depth: number): number {
    const first = this.bytes[at];
    if (first !== OPEN_OBJECT && first !== OPEN_LIST) return this.plain(at);
    if (depth >= LIMITS.jsonDepth) return INVALID;
    const close = first === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST;
    let next = this.space(at + 1);
    if (this.bytes[next] === close) return next + 1;
    for (;;) {
      const start = first === OPEN_OBJECT ? this.member(next) : next;
      const end = start === INVALID ? INVALID : this.value(start, depth + 1);
      if (end === INVALID) return INVALID;
      next = this.space(end);
      const byte = this.bytes[next];
      if (byte === close) return next + 1;
      if (byte !== COMMA) return INVALID;
      next = this.space(next + 1);
    }
  }

  /** @returns where the value of the member starts whose key starts at `at` */
  private member(at: number): number {
    const colon = this.bytes[at] === QUOTE ? this.string(at) : INVALID;
    if (colon === INVALID) return INVALID;
    const next = this.space(colon);
    return this.bytes[next] === COLON ? this.space(next + 1) : INVALID;
  }

  /** A value that is no object and no list. */
  plain(at: number): number {
    const { bytes } = this;
    const first = bytes[at];
    if (first === QUOTE) return this.string(at);
    if (first === 0x74) return this.word(at + 1, 0x72, 0x75, 0x65);
    if (first === 0x6e) return this.word(at + 1, 0x75, 0x6c, 0x6c);
    if (first === 0x66) return bytes[at + 1] === 0x61 ? this.word(at + 2, 0x6c, 0x73, 0x65) : INVALID;
    return number(bytes, at);
  }

  private word(at: number, first: number, second: number, third: number): number {
    const { bytes } = this;
    return bytes[at] === first && bytes[at + 1] === second && bytes[at + 2] === third ? at + 3 : INVALID;
  }

  string(start: number): number {
    const { bytes } = this;
    let at = start + 1;
    for (;;) {
      const byte = bytes[at] as number;
      // undefined, past the end, is refused too.
      if (!(byte >= 0x20)) return INVALID;
      at += 1;
      if (byte === QUOTE) return at;
      if (byte >= 0x80) this.beyondAscii = true;
      if (byte === BACKSLASH) {
        const length = escapeLength(bytes, at);
        if (length === 0) return INVALID;
        at += length;
      }
    }
  }

  /** First place from `at` on that is no white space. */
  space(at: number): number {
    const { bytes } = this;
    // Most places have none.
    if ((bytes[at] as number) > 0x20) return at;
    let end = at;
    for (
      let byte = bytes[end];
      byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
      byte = bytes[end]
    )
      end += 1;
    return end;
  }
}

function number(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === 0x2d ? start + 1 : start;
  let at = digits(bytes, whole);
  if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return INVALID;
  if (bytes[at] === 0x2e) {
    const end = digits(bytes, at + 1);
    if (end === at + 1) return INVALID;
    at = end;
  }
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at;
  const power = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? at + 2 : at + 1;
  const end = digits(bytes, power);
  return end === power ? INVALID : end;
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
    const isHex = (digit >= 0x30 && digit <= 0x39) || (digit >= 0x61 && digit <= 0x66);
    if (!isHex) return 0;
  }
  return 5;
}

/** `"\/bfnrt` */
const SIMPLE = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];
