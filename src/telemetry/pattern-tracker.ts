import { hash32 } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { Difference } from '../core/observation.ts';
import { NOISE_WAYS, patternsOf, USUAL_PATTERNS } from './patterns.ts';
import type { Discordant } from './types.ts';

/**
 * The patterns of one class over triples: for each how often the candidate alone showed it and how often the second
 * legacy answer alone did. A step or a value is followed from its second sight on, while its first is remembered: noise
 * has thousands that never come again.
 */
export class PatternTracker {
  private readonly counts = new Map<string, { plus: number; minus: number }>();
  private readonly followed = new Set<string>();
  /** Hashes of patterns seen lately, oldest overwritten. */
  private readonly recent = new Int32Array(LIMITS.patternsRemembered);
  private next = 0;

  /** One triple. @param candidate what the pair showed of this class, or undefined; @param noise the same of the A/A pair */
  add(candidate: Difference | undefined, noise: Difference | undefined): void {
    const shown = candidate === undefined ? [] : patternsOf(candidate);
    const usual = noise === undefined ? [] : patternsOf(noise);
    for (const pattern of shown) if (!usual.includes(pattern)) this.count(pattern, 'plus');
    for (const pattern of usual) {
      if (!shown.includes(pattern)) this.count(pattern, 'minus');
      const both = NOISE_WAYS.get(pattern);
      if (both !== undefined) this.note(both, 'minus');
    }
  }

  private count(pattern: string, side: keyof Discordant): void {
    if (this.isFollowed(pattern)) this.note(pattern, side);
  }

  private note(pattern: string, side: keyof Discordant): void {
    const counts = this.counts.get(pattern) ?? { plus: 0, minus: 0 };
    counts[side] += 1;
    this.counts.set(pattern, counts);
  }

  private isFollowed(pattern: string): boolean {
    if (USUAL_PATTERNS.has(pattern) || this.followed.has(pattern)) return true;
    if (this.followed.size >= LIMITS.patternsFollowed) return false;
    const hash = hash32(pattern) | 0;
    if (this.recent.includes(hash)) this.followed.add(pattern);
    this.recent[this.next] = hash;
    this.next = (this.next + 1) % this.recent.length;
    // The sight that made it a pattern is no evidence: it was chosen by it.
    return false;
  }

  /** Counts since the previous call, or undefined when there are none. */
  take(): Record<string, Discordant> | undefined {
    if (this.counts.size === 0) return undefined;
    const counts = Object.fromEntries(this.counts);
    this.counts.clear();
    return counts;
  }
}
