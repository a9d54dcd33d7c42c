import { LIMITS } from '../core/limits.ts';

/** Bits spent on one mark: 0.02 % of what was never added is taken for known in one part that is full. */
const BITS_PER_MARK = 24;
const BLOCK_WORDS = 8;
const BLOCK_BITS = BLOCK_WORDS * 32;

/** Odd multipliers, one per word of a block: those of Parquet's Bloom filter. */
const MULTIPLIERS = Uint32Array.from([
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
]);

/** How many times larger each part is than the one before it. */
const GROWTH = 4;

/** What became of a mark: it was not known, it was (or seems to be), or there is no room to remember it. */
export type Mark = 'new' | 'seen' | 'full';

/**
 * Remembers which 64-bit hashes were there, in bounded memory: a chain of split-block Bloom filters (Putze, Sanders,
 * Singler 2007, "Cache-, hash- and space-efficient Bloom filters"; the form is that of the Apache Parquet specification),
 * each larger than the one before it (Almeida, Baquero, Preguiça, Hutchison 2007, "Scalable Bloom filters"). What was
 * added is never new again. What is new is taken for known now and then: that counts too few, never one twice.
 */
export class SeenSet {
  private readonly capacity: number;
  private readonly parts: Uint32Array[] = [];
  private used = 0;
  /** Marks that the newest part still takes, and room of all parts together. */
  private room = 0;
  private planned = 0;

  /** @param capacity marks that are remembered at the most */
  constructor(capacity: number = LIMITS.cohortMarks) {
    this.capacity = capacity;
  }

  /** Marks remembered. */
  get size(): number {
    return this.used;
  }

  /** Memory of the parts there are. */
  get bytes(): number {
    return this.parts.reduce((sum, part) => sum + part.byteLength, 0);
  }

  /** Remembers a mark. @param high @param low 32 bits each, evenly distributed */
  add(high: number, low: number): Mark {
    for (const part of this.parts) if (has(part, high, low)) return 'seen';
    if (this.room === 0 && !this.grow()) return 'full';
    put(this.parts[this.parts.length - 1] as Uint32Array, high, low);
    this.room -= 1;
    this.used += 1;
    return 'new';
  }

  private grow(): boolean {
    const wanted = LIMITS.cohortFirstMarks * GROWTH ** this.parts.length;
    const marks = Math.min(wanted, this.capacity - this.planned);
    if (marks <= 0) return false;
    const blocks = Math.ceil((marks * BITS_PER_MARK) / BLOCK_BITS);
    this.parts.push(new Uint32Array(blocks * BLOCK_WORDS));
    this.planned += marks;
    this.room = marks;
    return true;
  }
}

/** First word of the block of a hash: its high half, scaled to the number of blocks. */
function blockOf(part: Uint32Array, high: number): number {
  return Math.floor((high * (part.length / BLOCK_WORDS)) / 4_294_967_296) * BLOCK_WORDS;
}

function has(part: Uint32Array, high: number, low: number): boolean {
  const block = blockOf(part, high);
  for (let word = 0; word < BLOCK_WORDS; word += 1) {
    const bit = Math.imul(low, MULTIPLIERS[word] as number) >>> 27;
    if ((((part[block + word] as number) >>> bit) & 1) === 0) return false;
  }
  return true;
}

function put(part: Uint32Array, high: number, low: number): void {
  const block = blockOf(part, high);
  for (let word = 0; word < BLOCK_WORDS; word += 1) {
    const bit = Math.imul(low, MULTIPLIERS[word] as number) >>> 27;
    part[block + word] = (part[block + word] as number) | (1 << bit);
  }
}
