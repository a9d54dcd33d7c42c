// HOT: one pass over the bytes of a head, whatever way they are cut; no allocation until the head is complete.
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { textOf } from './latin1.ts';
import { COLON, CR, FIELD_BYTE, HTAB, LF, REQUEST_LINE_BYTE, SP, TCHAR } from './tables.ts';

/** More bytes are needed; those given were kept. */
export const MORE = -1;
/** The head is refused: see `failure` and `detail`. */
export const REFUSED = -2;

const START = 0;
const EMPTY_LINE = 1;
const LINE = 2;
const LINE_LF = 3;
const FIELD = 4;
const NAME = 5;
const SPACE = 6;
const VALUE = 7;
const VALUE_LF = 8;
const END_LF = 9;
const DONE = 10;

/** Offsets of a head that came in one piece, shared by all scanners: it is read before the next one starts. */
const shared = new Int32Array(LIMITS.headFields * 4);

/**
 * Finds the lines and fields of one head (RFC 9112, sections 2 to 5) and checks every byte: lines end in CRLF,
 * names are tokens, values hold no control bytes, nothing is folded. What the lines mean is for others.
 */
export class HeadScanner {
  /** Why the head was refused. */
  failure: FailureCode = 'bad_request';
  detail = '';
  /** The head as latin1 text once it is complete; offsets point into it. */
  text = '';
  /** Start line. */
  lineStart = 0;
  lineEnd = 0;
  /** Number of fields, and for each: name start, name end, value start, value end. */
  fieldCount = 0;
  offsets = shared;

  private readonly lineBytes: Uint8Array;
  private readonly isRequest: boolean;
  private state = START;
  private kept: Buffer | null = null;
  private keptBytes = 0;

  constructor(isRequest: boolean) {
    this.isRequest = isRequest;
    this.lineBytes = isRequest ? REQUEST_LINE_BYTE : FIELD_BYTE;
  }

  /** Whether no byte of a head was seen yet. */
  get isFresh(): boolean {
    return this.state === START && this.keptBytes === 0;
  }

  /** Prepares for the next head. */
  reset(): void {
    this.state = START;
    this.fieldCount = 0;
    this.kept = null;
    this.keptBytes = 0;
    this.offsets = shared;
    this.text = '';
  }

  /**
   * Reads on.
   * @returns index in `chunk` of the first byte after the head, or {@link MORE}, or {@link REFUSED}
   */
  feed(chunk: Buffer, from: number, to: number): number {
    if (this.keptBytes > 0) return this.feedKept(chunk, from, to);
    const stop = Math.min(to, from + LIMITS.headBytes);
    const next = this.scan(chunk, from, stop, from);
    if (next < 0) return next;
    if (this.state === DONE) {
      this.text = textOf(chunk, from, next);
      return next;
    }
    if (stop - from === LIMITS.headBytes) return this.tooLarge();
    this.keep(chunk, from, to);
    return MORE;
  }

  private feedKept(chunk: Buffer, from: number, to: number): number {
    const before = this.keptBytes;
    const stop = Math.min(to, from + LIMITS.headBytes - before);
    this.keep(chunk, from, stop);
    const kept = this.kept as Buffer;
    const next = this.scan(kept, before, this.keptBytes, 0);
    if (next < 0) return next;
    if (this.state === DONE) {
      this.text = textOf(kept, 0, next);
      return from + next - before;
    }
    return this.keptBytes === LIMITS.headBytes ? this.tooLarge() : MORE;
  }

  /** The slow path of a head that came in pieces: its bytes and offsets need a place of their own. */
  private keep(chunk: Buffer, from: number, to: number): void {
    if (this.offsets === shared) this.offsets = shared.slice();
    const needed = this.keptBytes + to - from;
    if (this.kept === null || this.kept.length < needed) {
      const grown = Buffer.allocUnsafe(Math.min(LIMITS.headBytes, Math.max(1024, needed * 2)));
      this.kept?.copy(grown, 0, 0, this.keptBytes);
      this.kept = grown;
    }
    chunk.copy(this.kept, this.keptBytes, from, to);
    this.keptBytes = needed;
  }

  /** Scans `bytes[from, to)`; offsets are kept relative to `base`. */
  private scan(bytes: Buffer, from: number, to: number, base: number): number {
    let at = from;
    while (at < to && this.state < FIELD) {
      at = this.scanLine(bytes, at, to, base);
      if (at < 0) return at;
    }
    return at < to ? this.scanFields(bytes, at, to, base) : at;
  }

  private scanLine(bytes: Buffer, from: number, to: number, base: number): number {
    let at = from;
    switch (this.state) {
      case START:
        // One empty line before a request is tolerated (RFC 9112, section 2.2).
        if (bytes[at] === CR && this.isRequest && at === base) {
          this.state = EMPTY_LINE;
          return at + 1;
        }
        this.lineStart = at - base;
        this.state = LINE;
        return at;
      case EMPTY_LINE:
        if (bytes[at] !== LF) return this.refuse('CR without LF');
        this.state = START;
        return at + 1;
      case LINE: {
        const { lineBytes } = this;
        while (at < to && lineBytes[bytes[at] as number] === 1) at += 1;
        if (at - base - this.lineStart > LIMITS.targetBytes + LIMITS.methodBytes + 16) return this.tooLarge();
        if (at === to) return at;
        if (bytes[at] !== CR) return this.refuse('invalid byte in the start line');
        this.lineEnd = at - base;
        this.state = LINE_LF;
        return at + 1;
      }
      default:
        if (bytes[at] !== LF) return this.refuse('CR without LF');
        this.state = FIELD;
        return at + 1;
    }
  }

  /**
   * All field lines in one loop: each state runs into the next one while there are bytes, and what was found so far
   * stays in local variables.
   */
  private scanFields(bytes: Buffer, from: number, to: number, base: number): number {
    const { offsets } = this;
    let { state } = this;
    let slot = this.fieldCount * 4;
    let at = from;
    while (at < to && state !== DONE) {
      if (state === FIELD) {
        const byte = bytes[at] as number;
        if (byte !== CR) {
          if (TCHAR[byte] !== 1) return this.refuse('invalid start of a field line');
          if (slot === LIMITS.headFields * 4) return this.tooLarge();
          offsets[slot] = at - base;
        }
        at += 1;
        state = byte === CR ? END_LF : NAME;
      }
      if (state === NAME) {
        while (at < to && TCHAR[bytes[at] as number] === 1) at += 1;
        if (at === to) break;
        if (bytes[at] !== COLON) return this.refuse('invalid byte in a field name');
        offsets[slot + 1] = at - base;
        at += 1;
        state = SPACE;
      }
      if (state === SPACE) {
        while (at < to && (bytes[at] === SP || bytes[at] === HTAB)) at += 1;
        if (at === to) break;
        offsets[slot + 2] = at - base;
        state = VALUE;
      }
      if (state === VALUE) {
        while (at < to && FIELD_BYTE[bytes[at] as number] === 1) at += 1;
        if (at === to) break;
        if (bytes[at] !== CR) return this.refuse('invalid byte in a field value');
        offsets[slot + 3] = endOfValue(bytes, at, (offsets[slot + 2] as number) + base) - base;
        slot += 4;
        at += 1;
        state = VALUE_LF;
      }
      if (at === to) break;
      if (bytes[at] !== LF) return this.refuse('CR without LF');
      at += 1;
      state = state === END_LF ? DONE : FIELD;
    }
    this.state = state;
    this.fieldCount = slot / 4;
    return at;
  }

  private tooLarge(): number {
    const inLine = this.state <= LINE && this.isRequest;
    this.failure = inLine ? 'uri_too_long' : 'headers_too_large';
    this.detail = inLine ? 'request line over the limit' : 'head over the limit';
    return REFUSED;
  }

  private refuse(detail: string): number {
    this.failure = 'bad_request';
    this.detail = detail;
    return REFUSED;
  }
}

/** Index after the last byte of a value that is no white space. */
function endOfValue(bytes: Buffer, at: number, start: number): number {
  let end = at;
  while (end > start && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end -= 1;
  return end;
}
