// HOT: a line is written at its place; a buffer that was taken is never touched again.
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';
import { accessLineBytes, writeAccessLine } from './access-line.ts';

/** Lines that wait for their batch of `LIMITS.accessLogBatchBytes` to fill. */
export class LineBuffer {
  private current: Buffer<ArrayBuffer> | null = null;
  private used = 0;

  /** Whether the line of this exchange still fits; one that never would fits into an empty buffer. */
  fits(seen: Observation): boolean {
    return this.current === null || this.used + accessLineBytes(seen) <= this.current.length;
  }

  /** Adds the line of one exchange that {@link fits}. */
  add(seen: Observation): void {
    this.current ??= Buffer.allocUnsafeSlow(Math.max(LIMITS.accessLogBatchBytes, accessLineBytes(seen)));
    this.used = writeAccessLine(this.current, this.used, seen);
  }

  /** Whole lines, or null when none wait. */
  take(): Buffer | null {
    const { current, used } = this;
    this.current = null;
    this.used = 0;
    return current === null ? null : current.subarray(0, used);
  }
}
