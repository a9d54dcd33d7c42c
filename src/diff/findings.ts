import { LIMITS } from '../core/limits.ts';
import type { Difference, DifferenceKind, PairResult } from '../core/observation.ts';
import { hidden, mask, maskPair } from './mask.ts';

/**
 * Collects the differences of one pair. Everything is counted; of each class (kind and path) one is kept, so that
 * a list of a thousand changed prices does not push a missing field out. The only door out: values are masked here.
 */
export class Findings {
  private readonly kept: Difference[] = [];
  private readonly seen = new Set<string>();
  private found = 0;
  private improved = 0;

  /** Counts one. @returns whether its values are wanted: then call {@link keep} or {@link keepHidden} */
  count(kind: DifferenceKind, path: string): boolean {
    this.found += 1;
    if (kind === 'improved') this.improved += 1;
    if (this.kept.length === LIMITS.differencesPerPair) return false;
    const key = `${kind} ${path}`;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    return true;
  }

  /** Keeps the values of one that was counted. */
  keep(kind: DifferenceKind, path: string, legacy: string | null, candidate: string | null): void {
    const [maskedLegacy, maskedCandidate] =
      legacy !== null && candidate !== null
        ? maskPair(legacy, candidate)
        : [legacy === null ? null : mask(legacy), candidate === null ? null : mask(candidate)];
    this.kept.push({ kind, path, legacy: maskedLegacy, candidate: maskedCandidate });
  }

  /** Keeps only which side had a value, and what it was called. */
  keepHidden(
    kind: DifferenceKind,
    path: string,
    name: string,
    sides: { legacy: boolean; candidate: boolean },
  ): void {
    const legacy = sides.legacy ? hidden(name) : null;
    this.kept.push({ kind, path, legacy, candidate: sides.candidate ? hidden(name) : null });
  }

  /** Counts one and keeps its values when they are wanted. */
  add(kind: DifferenceKind, path: string, legacy: string | null, candidate: string | null): void {
    if (this.count(kind, path)) this.keep(kind, path, legacy, candidate);
  }

  result(requestId: string): PairResult {
    const { kept, found, improved } = this;
    return { requestId, differences: kept, found, improvedOnly: found > 0 && found === improved };
  }
}
