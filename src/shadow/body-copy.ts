// HOT: one copy per chunk that is kept; once the limit is passed, of answers one hash update per chunk (0.7 µs/KiB).
import { StreamingSha256 } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { BodyMemory, Region } from './body-memory.ts';
import type { CopyBudget } from './budget.ts';

/** What else a copy of a body does. */
export interface BodyCopyOptions {
  /** A body over the limit is hashed. */
  readonly hashes?: boolean;
  /** Where it is kept if there is room; else on the heap. */
  readonly memory?: BodyMemory | null;
}

/**
 * A bounded copy of a body that streams by. Past its limit it lets go of everything: a truncated body is never
 * sent or compared. Of an answer it keeps the hash, up to `LIMITS.hashedBytes`, so that equality is still known.
 */
export class BodyCopy {
  private readonly budget: CopyBudget;
  private readonly limitBytes: number;
  private memory: BodyMemory | null;
  private region: Region | null = null;
  private chunks: Buffer[] = [];
  private expected = 0;
  /** Bytes seen, kept or not. */
  bytes = 0;
  /** The body did not fit: over its own limit, or the budget was spent. */
  overflowed: 'no' | 'limit' | 'budget' = 'no';
  private reserved = 0;
  private closed = false;
  private hashes: boolean;
  private hashing: StreamingSha256 | null = null;
  private digest: string | null = null;

  constructor(
    budget: CopyBudget,
    limitBytes: number,
    { hashes = false, memory = null }: BodyCopyOptions = {},
  ) {
    this.budget = budget;
    this.limitBytes = limitBytes;
    // Nothing may be kept: nobody asks what the body says.
    this.hashes = hashes && limitBytes > 0;
    this.memory = memory;
  }

  /** What the head says of the length, -1 for nothing: a body that is too large to be hashed is not begun with. */
  announced(bytes: number): void {
    if (bytes > LIMITS.hashedBytes) this.hashes = false;
    if (bytes <= this.limitBytes) this.expected = bytes;
  }

  /** Takes a copy of a chunk. */
  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.closed) return;
    if (this.overflowed !== 'no') this.hashOn(chunk);
    else if (this.bytes > this.limitBytes) this.passLimit(chunk);
    else if (!this.budget.reserve(chunk.length)) this.drop('budget');
    else {
      this.keep(chunk, this.reserved);
      this.reserved += chunk.length;
    }
  }

  /** @param kept bytes kept before this chunk */
  private keep(chunk: Uint8Array, kept: number): void {
    const region = this.memory === null ? null : this.room(kept, kept + chunk.length);
    // `set` writes shared memory byte by byte, `copy` moves it.
    if (region === null) this.chunks.push(Buffer.from(chunk));
    else asBuffer(chunk).copy(region.bytes, kept);
  }

  /** The region, grown to so many bytes; null, and what was kept lies on the heap, when there is no such room. */
  private room(kept: number, needed: number): Region | null {
    const { region, memory } = this;
    if (region !== null && needed <= region.bytes.length) return region;
    const grown = memory?.take(Math.max(needed, this.expected, kept * 2)) ?? memory?.take(needed) ?? null;
    if (region !== null) {
      if (grown !== null) region.bytes.copy(grown.bytes, 0, 0, kept);
      else this.chunks.push(Buffer.from(region.bytes.subarray(0, kept)));
      region.release();
    }
    this.region = grown;
    if (grown === null) this.memory = null;
    return grown;
  }

  /** SHA-256 of a body over the limit, as hex, once it is complete; null when it was not hashed. */
  hash(): string | null {
    if (this.hashing !== null) {
      this.digest = this.hashing.hex();
      this.hashing = null;
    }
    return this.digest;
  }

  /** The whole body; empty when it overflowed. It may lie where another body will: see {@link hold}. */
  body(): Buffer {
    if (this.region !== null) return this.region.bytes.subarray(0, this.reserved);
    if (this.chunks.length === 1) return this.chunks[0] as Buffer;
    const body = Buffer.concat(this.chunks);
    this.chunks = [body];
    return body;
  }

  /** Keeps the bytes of {@link body} in their place beyond {@link free}. @returns what has to be released then */
  hold(): Region | null {
    if (this.region !== null) this.region.holders += 1;
    return this.region;
  }

  /** Lets go of the bytes for good: what streams by afterwards is only counted. May be called more than once. */
  free(): void {
    this.closed = true;
    this.budget.release(this.reserved);
    this.reserved = 0;
    this.chunks = [];
    this.region?.release();
    this.region = null;
    this.hashing = null;
  }

  private passLimit(chunk: Uint8Array): void {
    const kept = this.hashes ? this.body() : null;
    const hashing = kept === null ? null : new StreamingSha256();
    if (kept !== null && kept.length > 0) hashing?.update(kept);
    this.drop('limit');
    if (hashing === null) return;
    this.closed = false;
    this.hashing = hashing;
    this.hashOn(chunk);
  }

  private hashOn(chunk: Uint8Array): void {
    if (this.bytes > LIMITS.hashedBytes) this.hashing = null;
    this.hashing?.update(chunk);
  }

  private drop(reason: 'limit' | 'budget'): void {
    this.overflowed = reason;
    this.free();
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
