import type { Difference } from '../core/observation.ts';
import { isManyPlaces } from './class-share.ts';
import type { PatternTracker } from './pattern-tracker.ts';
import { SparseLatency } from './sparse-latency.ts';
import type { ClassCounts, ClassTallies, DifferenceExample } from './types.ts';

/** One class between two deltas. */
export class ClassCell {
  readonly key: Pick<ClassCounts, 'id' | 'route' | 'endpoint' | 'kind' | 'path'>;
  count = 0;
  example: DifferenceExample | null = null;
  smallest: DifferenceExample | null = null;
  latest: DifferenceExample | null = null;
  private pairs = 0;
  private plus = 0;
  private minus = 0;
  private both = 0;
  private legacy = new SparseLatency();
  private candidate = new SparseLatency();

  /** It stands for many places: no question of its own. */
  readonly manyPlaces: boolean;
  private lastPair: object | null = null;

  constructor(key: ClassCell['key']) {
    this.key = key;
    this.manyPlaces = isManyPlaces(key);
  }

  /** Whether a pair was not counted here yet: several of its differences may belong to one class of many places. */
  isNewFor(pair: object): boolean {
    if (!this.manyPlaces) return true;
    const isNew = this.lastPair !== pair;
    this.lastPair = pair;
    return isNew;
  }

  /** One pair that is evidence showed it. Service times in microseconds, -1 for none. */
  showed(legacyUs: number, candidateUs: number): void {
    this.pairs += 1;
    this.legacy.record(legacyUs);
    this.candidate.record(candidateUs);
  }

  /** One triple showed it, on one side or on both. */
  triple(candidate: Difference | undefined, noise: Difference | undefined): void {
    if (candidate === undefined) this.minus += 1;
    else if (noise === undefined) this.plus += 1;
    else this.both += 1;
  }

  /** Forgets what was evidence: another epoch began. */
  forgetEvidence(): void {
    this.pairs = 0;
    this.plus = 0;
    this.minus = 0;
    this.both = 0;
    this.legacy = new SparseLatency();
    this.candidate = new SparseLatency();
  }

  counts(tracker: PatternTracker | undefined): ClassCounts {
    const { key, count, example, smallest, latest } = this;
    const evidence = this.tallies(tracker);
    const later = {
      ...(smallest === null ? {} : { smallest }),
      ...(latest === null ? {} : { latest }),
    };
    return {
      ...key,
      count,
      example,
      ...(smallest === null && latest === null ? {} : { examples: later }),
      ...(evidence === undefined ? {} : { evidence }),
    };
  }

  private tallies(tracker: PatternTracker | undefined): ClassTallies | undefined {
    const { pairs, plus, minus, both } = this;
    if (pairs + plus + minus + both === 0) return undefined;
    const patterns = tracker?.take();
    return {
      pairs,
      plus,
      minus,
      both,
      legacyLatency: this.legacy.encode(),
      candidateLatency: this.candidate.encode(),
      ...(patterns === undefined ? {} : { patterns }),
    };
  }
}
