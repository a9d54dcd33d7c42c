import { LIMITS } from '../core/limits.ts';

const EMPTY = Buffer.alloc(0);

/** Bytes that were read and are not wanted yet: of a paused body, or of a pipelined request. */
export class Input {
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Whether the socket should stop reading. */
  get isFull(): boolean {
    return this.length >= LIMITS.pipelineBytes;
  }

  /** Keeps a copy of `chunk[from, to)`. */
  append(chunk: Buffer, from: number, to: number): void {
    const added = to - from;
    if (this.bytes.length - this.end < added) this.makeRoom(added);
    chunk.copy(this.bytes, this.end, from, to);
    this.end += added;
  }

  private makeRoom(added: number): void {
    const { length } = this;
    const grown = Buffer.allocUnsafeSlow(Math.max(1024, (length + added) * 2));
    this.bytes.copy(grown, 0, this.start, this.end);
    this.bytes = grown;
    this.start = 0;
    this.end = length;
  }

  /** Everything before `next` was used. */
  advance(next: number): void {
    this.start = next;
    if (this.start === this.end) this.clear();
  }

  /** Everything that is kept, which is kept no longer. */
  take(): Buffer {
    const bytes = this.bytes.subarray(this.start, this.end);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = 0;
    this.end = 0;
  }
}
