// HOT: a counter or a chunk decoder per body; spans, never copies.
import { ChunkedDecoder } from './chunked.ts';
import type { Framing } from './types.ts';

/** Finds the bytes of one body, however it is delimited (RFC 9112, section 6). One per connection, reused. */
export class BodyReader {
  /** The data found by the last {@link read}: indices into the bytes it was given. */
  spanStart = 0;
  spanEnd = 0;
  /** The body is complete. Never true for `close`: only the server's end of stream ends it. */
  done = true;
  failed = false;
  framing: Framing = 'none';

  private left = 0;
  private chunks: ChunkedDecoder | null = null;

  /** Prepares for a body. @param length its bytes, used when framed by `length` */
  start(framing: Framing, length: number): void {
    this.framing = framing;
    this.failed = false;
    this.left = framing === 'length' ? length : 0;
    this.done = framing === 'none' || (framing === 'length' && length === 0);
    if (framing !== 'chunked') return;
    if (this.chunks === null) this.chunks = new ChunkedDecoder();
    else this.chunks.reset();
  }

  /** Reads up to the end of one piece of data. @returns index of the first byte that was not read */
  read(bytes: Buffer, from: number, to: number): number {
    if (this.framing === 'chunked') return this.readChunked(bytes, from, to);
    const end = this.framing === 'close' ? to : Math.min(to, from + this.left);
    this.spanStart = from;
    this.spanEnd = end;
    if (this.framing !== 'close') {
      this.left -= end - from;
      this.done = this.left === 0;
    }
    return end;
  }

  private readChunked(bytes: Buffer, from: number, to: number): number {
    const chunks = this.chunks as ChunkedDecoder;
    const next = chunks.read(bytes, from, to);
    this.spanStart = chunks.spanStart;
    this.spanEnd = chunks.spanEnd;
    this.done = chunks.done;
    this.failed = chunks.failed;
    return next;
  }
}
