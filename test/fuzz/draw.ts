import type { RandomSource } from '../../src/core/random.ts';

/** Draws of a generator: everything comes from one seeded source, so that a seed is a whole run. */
export class Draw {
  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.random.next() * below);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A list of 0 to `atMost` things. */
  some<T>(atMost: number, make: () => T): T[] {
    return Array.from({ length: this.below(atMost + 1) }, make);
  }

  /** Up to `atMost` places to cut a text of this length, in order. */
  places(length: number, atMost: number): number[] {
    return this.some(atMost, () => this.below(length)).toSorted((one, other) => one - other);
  }
}
