import { wallMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { Difference, DifferenceKind, Pair } from '../core/observation.ts';
import type { ClassCounts, DifferenceExample } from './types.ts';

/** What a class needs to know about the pair that showed it. */
export type ClassSource = Pick<
  Pair,
  'requestId' | 'direction' | 'epoch' | 'route' | 'endpoint' | 'method'
> & {
  /** Target with its values masked. */
  readonly maskedTarget: string;
};

interface Seen {
  counts: ClassCounts;
}

/** Differences by class between two deltas, bounded; an example is sent once per class and process. */
export class ClassTable {
  private classes = new Map<string, Seen>();
  private readonly shown = new Set<string>();
  private readonly fingerprint: (endpoint: string, kind: DifferenceKind, path: string) => string;

  /** @param fingerprint gives a class its id */
  constructor(fingerprint: (endpoint: string, kind: DifferenceKind, path: string) => string) {
    this.fingerprint = fingerprint;
  }

  /** Counts one difference. Beyond `LIMITS.classesPerDelta` classes the rest is counted under the path `other`. */
  add(source: ClassSource, difference: Difference): void {
    const full = this.classes.size >= LIMITS.classesPerDelta;
    const id = this.fingerprint(source.endpoint, difference.kind, difference.path);
    const seen = this.classes.get(id);
    if (seen !== undefined) {
      seen.counts = { ...seen.counts, count: seen.counts.count + 1 };
      return;
    }
    if (full) {
      this.addOther(source, difference);
      return;
    }
    this.classes.set(id, { counts: this.firstOf(id, source, difference) });
  }

  private firstOf(id: string, source: ClassSource, difference: Difference): ClassCounts {
    const { route, endpoint } = source;
    const { kind, path } = difference;
    return { id, route, endpoint, kind, path, count: 1, example: this.exampleOnce(id, source, difference) };
  }

  private addOther(source: ClassSource, difference: Difference): void {
    const id = this.fingerprint('other', difference.kind, 'other');
    const seen = this.classes.get(id);
    const { kind } = difference;
    const count = (seen?.counts.count ?? 0) + 1;
    this.classes.set(id, {
      counts: { id, route: source.route, endpoint: 'other', kind, path: 'other', count, example: null },
    });
  }

  private exampleOnce(id: string, source: ClassSource, difference: Difference): DifferenceExample | null {
    if (this.shown.has(id) || this.shown.size >= LIMITS.classesShown) return null;
    this.shown.add(id);
    const { requestId, direction, epoch, method, maskedTarget } = source;
    return { requestId, atMs: wallMs(), direction, epoch, method, target: maskedTarget, difference };
  }

  /** Counts since the previous call. */
  take(): ClassCounts[] {
    const all = Array.from(this.classes.values(), (seen) => seen.counts);
    this.classes = new Map();
    return all;
  }
}
