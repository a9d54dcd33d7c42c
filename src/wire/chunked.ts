// HOT: one pass over chunk lines, data is never copied; the caller pulls one span at a time.
import { LIMITS } from '../core/limits.ts';
import { COLON, CR, FIELD_BYTE, HEX_VALUE, LF, TCHAR } from './tables.ts';

const SIZE = 0;
const SIZE_LF = 1;
const DATA = 2;
const DATA_CR = 3;
const DATA_LF = 4;
const TRAILER = 5;
const TRAILER_NAME = 6;
const TRAILER_VALUE = 7;
const TRAILER_LF = 8;
const END_LF = 9;
const DONE = 10;
const FAILED = 11;

/** 13 hexadecimal digits are 52 bits: exact in a number. */
const MAX_SIZE = 0xf_ffff_ffff_ffff;

/**
 * Takes the chunked coding apart (RFC 9112, section 7.1). Strict: sizes are hexadecimal digits and nothing else,
 * lines end in CRLF, extensions are refused, trailers are checked, bounded and dropped.
 */
export class ChunkedDecoder {
  /** The data found by the last {@link read}: indices into the bytes it was given; empty when there was none. */
  spanStart = 0;
  spanEnd = 0;

  private state = SIZE;
  private left = 0;
  private lineBytes = 0;

  get done(): boolean {
    return this.state === DONE;
  }

  get failed(): boolean {
    return this.state === FAILED;
  }

  reset(): void {
    this.state = SIZE;
    this.left = 0;
    this.lineBytes = 0;
  }

  /**
   * Reads up to the end of the next piece of data, the end of the body, an error, or `to`.
   * @returns index of the first byte that was not read
   */
  read(bytes: Buffer, from: number, to: number): number {
    let at = from;
    this.spanStart = at;
    this.spanEnd = at;
    while (at < to && this.state < DONE) {
      if (this.state === DATA) {
        const end = Math.min(to, at + this.left);
        this.left -= end - at;
        this.spanStart = at;
        this.spanEnd = end;
        if (this.left === 0) this.state = DATA_CR;
        return end;
      }
      this.step(bytes[at] as number);
      at += 1;
    }
    return at;
  }

  private step(byte: number): void {
    switch (this.state) {
      case SIZE:
        return this.stepSize(byte);
      case SIZE_LF:
        this.lineBytes = 0;
        return this.expect(byte, LF, this.left === 0 ? TRAILER : DATA);
      case DATA_CR:
        return this.expect(byte, CR, DATA_LF);
      case DATA_LF:
        return this.expect(byte, LF, SIZE);
      case END_LF:
        return this.expect(byte, LF, DONE);
      default:
        return this.stepTrailer(byte);
    }
  }

  private expect(byte: number, wanted: number, next: number): void {
    this.state = byte === wanted ? next : FAILED;
  }

  private stepSize(byte: number): void {
    const digit = HEX_VALUE[byte] as number;
    if (digit >= 0) {
      this.left = this.left * 16 + digit;
      this.lineBytes += 1;
      if (this.left > MAX_SIZE || this.lineBytes > LIMITS.chunkLineBytes) this.state = FAILED;
    } else {
      this.state = byte === CR && this.lineBytes > 0 ? SIZE_LF : FAILED;
    }
  }

  private stepTrailer(byte: number): void {
    this.lineBytes += 1;
    if (this.lineBytes > LIMITS.trailerBytes) this.state = FAILED;
    else if (this.state === TRAILER) {
      if (byte === CR) this.state = END_LF;
      else this.state = TCHAR[byte] === 1 ? TRAILER_NAME : FAILED;
    } else if (this.state === TRAILER_NAME) {
      if (byte === COLON) this.state = TRAILER_VALUE;
      else if (TCHAR[byte] !== 1) this.state = FAILED;
    } else if (this.state === TRAILER_VALUE) {
      if (byte === CR) this.state = TRAILER_LF;
      else if (FIELD_BYTE[byte] !== 1) this.state = FAILED;
    } else {
      this.expect(byte, LF, TRAILER);
    }
  }
}
