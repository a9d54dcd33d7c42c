import { seededRandom } from '../../src/core/random.ts';
import type { RandomSource } from '../../src/core/random.ts';

/** Everything a simulation decides by chance. */
export class Dice implements RandomSource {
  private readonly source: RandomSource;

  constructor(seed: number) {
    this.source = seededRandom(seed);
    // Neighbouring seeds begin alike.
    for (let index = 0; index < 4; index += 1) this.source.next();
  }

  next(): number {
    return this.source.next();
  }

  chance(share: number): boolean {
    return this.source.next() < share;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.source.next() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.source.next() * items.length)] as T;
  }

  /** One of the items, as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][];
    let left = this.source.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of entries) {
      left -= weight;
      if (left < 0) return item;
    }
    return (entries.at(-1) as [T, number])[0];
  }
}
