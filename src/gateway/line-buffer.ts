// HOT: a line is written at its place; buffers are used again.
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';
import { accessLineBytes, writeAccessLine } from './access-line.ts';

/** Whole lines, and how many. */
export interface LineBatch {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly lines: number;
}

/** Lines that wait to be written, in buffers of `LIMITS.accessLogBatchBytes`; every batch ends with a whole line. */
export class LineBuffer {
  /** Lines that wait. */
  lines = 0;
  private readonly full: LineBatch[] = [];
  private readonly free: Buffer<ArrayBuffer>[] = [];
  private current: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(LIMITS.accessLogBatchBytes);
  private used = 0;
  private linesInCurrent = 0;

  /** Whether a batch is complete. */
  get hasFull(): boolean {
    return this.full.length > 0;
  }

  /** Adds the line of one exchange. */
  add(seen: Observation): void {
    const mostBytes = accessLineBytes(seen);
    if (this.used + mostBytes > this.current.length) this.complete(mostBytes);
    this.used = writeAccessLine(this.current, this.used, seen);
    this.linesInCurrent += 1;
    this.lines += 1;
  }

  private complete(needed: number): void {
    if (this.used > 0) {
      this.full.push({ bytes: this.current.subarray(0, this.used), lines: this.linesInCurrent });
    }
    const size = LIMITS.accessLogBatchBytes;
    this.current =
      needed > size ? Buffer.allocUnsafeSlow(needed) : (this.free.pop() ?? Buffer.allocUnsafeSlow(size));
    this.used = 0;
    this.linesInCurrent = 0;
  }

  /** The oldest batch, or null when nothing waits. Give it back when it is written. */
  take(): LineBatch | null {
    if (this.full.length === 0 && this.linesInCurrent > 0) this.complete(0);
    const batch = this.full.shift() ?? null;
    if (batch !== null) this.lines -= batch.lines;
    return batch;
  }

  /** Takes the buffer of a batch back. */
  giveBack({ bytes }: LineBatch): void {
    const { buffer } = bytes;
    const isUsual = buffer.byteLength === LIMITS.accessLogBatchBytes;
    if (isUsual && this.free.length < LIMITS.accessLogSpareBuffers) this.free.push(Buffer.from(buffer));
  }
}
