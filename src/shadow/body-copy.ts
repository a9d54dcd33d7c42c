// HOT: one Buffer.from per chunk that is kept; nothing once the limit is passed.
import type { CopyBudget } from './budget.ts';

/**
 * A bounded copy of a body that streams by. Past its limit it lets go of everything: a truncated body is never
 * sent or compared.
 */
export class BodyCopy {
  private readonly budget: CopyBudget;
  private readonly limitBytes: number;
  private chunks: Buffer[] = [];
  /** Bytes seen, kept or not. */
  bytes = 0;
  /** The body did not fit: over its own limit, or the budget was spent. */
  overflowed: 'no' | 'limit' | 'budget' = 'no';
  private reserved = 0;
  private closed = false;

  constructor(budget: CopyBudget, limitBytes: number) {
    this.budget = budget;
    this.limitBytes = limitBytes;
  }

  /** Takes a copy of a chunk. */
  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.closed || this.overflowed !== 'no') return;
    if (this.bytes > this.limitBytes) this.drop('limit');
    else if (!this.budget.reserve(chunk.length)) this.drop('budget');
    else {
      this.reserved += chunk.length;
      this.chunks.push(Buffer.from(chunk));
    }
  }

  /** The whole body; empty when it overflowed. */
  body(): Buffer {
    if (this.chunks.length === 1) return this.chunks[0] as Buffer;
    const body = Buffer.concat(this.chunks);
    this.chunks = [body];
    return body;
  }

  /** Lets go of the bytes for good: what streams by afterwards is only counted. May be called more than once. */
  free(): void {
    this.closed = true;
    this.budget.release(this.reserved);
    this.reserved = 0;
    this.chunks = [];
  }

  private drop(reason: 'limit' | 'budget'): void {
    this.overflowed = reason;
    this.free();
  }
}
