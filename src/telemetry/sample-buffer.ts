// HOT: one entry per user and delta, found again in place; nothing is allocated once it is made.
import { LIMITS } from '../core/limits.ts';

/** Words of one entry: both halves of the user's hash; the lowest bit says whether the user is in the sample. */
export const SAMPLE_WORDS = 2;

/** Twice the entries and a power of two: a free slot is near. */
const SLOTS = 2 ** Math.ceil(Math.log2(LIMITS.sampleUsersPerDelta * 2));

/**
 * The users whose lot for the sample one worker drew since its last delta, each once. Which of them find room depends on
 * when they come and never on their lot: those that do not leave the rest as fair as it is.
 */
export class SampleBuffer {
  private readonly entries = new Uint32Array(LIMITS.sampleUsersPerDelta * SAMPLE_WORDS);
  /** Position of an entry plus one; 0 is free. */
  private readonly slots = new Uint16Array(SLOTS);
  private count = 0;

  /** @param high @param low hash of the user, 32 bits each @param chosen in the sample */
  note(high: number, low: number, chosen: boolean): void {
    const { entries, slots } = this;
    const marked = ((low & ~1) | Number(chosen)) >>> 0;
    let slot = (low >>> 1) & (SLOTS - 1);
    for (let at = slots[slot] as number; at !== 0; at = slots[slot] as number) {
      const entry = (at - 1) * SAMPLE_WORDS;
      if (entries[entry] === high && entries[entry + 1] === marked) return;
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (this.count === LIMITS.sampleUsersPerDelta) return;
    entries[this.count * SAMPLE_WORDS] = high;
    entries[this.count * SAMPLE_WORDS + 1] = marked;
    this.count += 1;
    slots[slot] = this.count;
  }

  /** Who was noted since the previous call, or undefined for nobody. */
  take(): Uint32Array | undefined {
    if (this.count === 0) return undefined;
    const taken = this.entries.slice(0, this.count * SAMPLE_WORDS);
    this.slots.fill(0);
    this.count = 0;
    return taken;
  }
}
