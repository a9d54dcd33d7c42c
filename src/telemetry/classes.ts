import { wallMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { Difference, DifferenceKind, Pair } from '../core/observation.ts';
import { ClassCell } from './class-cell.ts';
import { ClassShares, OTHER, OTHER_PLACES } from './class-share.ts';
import { PatternTracker } from './pattern-tracker.ts';
import type { ClassCounts, DifferenceExample, EndpointCounts, ExampleAnswer } from './types.ts';

/** What a class needs to know about the pair that showed it. */
export type ClassSource = Pick<
  Pair,
  'requestId' | 'direction' | 'epoch' | 'route' | 'endpoint' | 'method'
> & {
  /** Whether the pair counts as evidence: the first pairs after a start do not. */
  readonly evidence: boolean;
  readonly legacy: ExampleAnswer;
  readonly candidate: ExampleAnswer;
  /** Target and request fields with their values masked; asked for when an example is kept. */
  readonly masked: () => Pick<DifferenceExample, 'target' | 'request'>;
};

/** What a worker says about classes in one delta. */
export interface ClassDelta {
  readonly classes: readonly ClassCounts[];
  readonly evidenceEpoch?: number | undefined;
  readonly endpoints?: readonly EndpointCounts[] | undefined;
}

type Fingerprint = (endpoint: string, kind: DifferenceKind, path: string) => string;

/** Differences by class between two deltas, bounded; and what of them is evidence, of one epoch at a time. */
export class ClassTable {
  private classes = new Map<string, ClassCell>();
  private endpoints = new Map<string, { pairs: number; triples: number }>();
  /** By class, over the life of the epoch. */
  private readonly trackers = new Map<string, PatternTracker>();
  private epoch = 0;
  /** By class: bytes of the smallest example that was sent. */
  private readonly shown = new Map<string, number>();
  /** Smaller and later examples since the previous delta. */
  private examples = 0;
  /** Classes of this epoch that have a name of their own. */
  private readonly sharing = new Set<string>();
  private readonly shares = new ClassShares();
  private readonly hash: Fingerprint;
  /** Ids that were made, by what they are made of: most pairs show what others did. */
  private readonly ids = new Map<string, string>();

  /** @param fingerprint gives a class its id */
  constructor(fingerprint: Fingerprint) {
    this.hash = fingerprint;
  }

  private fingerprint(endpoint: string, kind: DifferenceKind, path: string): string {
    const key = `${endpoint}\n${kind}\n${path}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    if (this.ids.size >= LIMITS.classesPerDelta) this.ids.clear();
    const id = this.hash(endpoint, kind, path);
    this.ids.set(key, id);
    return id;
  }

  /** Counts one pair, or one triple, that is evidence and showed no difference. */
  agreed({ endpoint, epoch }: Pick<Pair, 'endpoint' | 'epoch'>, what: 'pairs' | 'triples'): void {
    if (this.isCurrent(epoch)) this.endpoint(endpoint)[what] += 1;
  }

  /** Counts one compared pair with its differences. */
  pair(source: ClassSource, differences: readonly Difference[]): void {
    const evidence = source.evidence && this.isCurrent(source.epoch);
    if (evidence) this.endpoint(source.endpoint).pairs += 1;
    for (const difference of differences) {
      const cell = this.cell(source, difference);
      if (!cell.isNewFor(source)) continue;
      cell.count += 1;
      this.exemplify(cell, source, differences, difference);
      if (evidence && !cell.manyPlaces) cell.showed(source.legacy.totalUs, source.candidate.totalUs);
    }
  }

  /**
   * Counts one triple that is evidence: what the pair showed, and what legacy's two answers did. A class counts as
   * soon as one side shows it, whichever.
   */
  triple(source: ClassSource, candidate: readonly Difference[], noise: readonly Difference[]): void {
    if (!this.isCurrent(source.epoch)) return;
    this.endpoint(source.endpoint).triples += 1;
    for (const difference of candidate) {
      this.tripleOf(
        source,
        difference,
        noise.find((other) => isSameClass(difference, other)),
      );
    }
    for (const difference of noise) {
      if (candidate.some((other) => isSameClass(difference, other))) continue;
      this.tripleOf(source, undefined, difference);
    }
  }

  private tripleOf(
    source: ClassSource,
    candidate: Difference | undefined,
    noise: Difference | undefined,
  ): void {
    const difference = candidate ?? noise;
    if (difference === undefined) return;
    const cell = this.cell(source, difference);
    if (cell.manyPlaces) return;
    cell.triple(candidate, noise);
    this.tracker(source, difference)?.add(candidate, noise);
  }

  private tracker({ endpoint }: ClassSource, { kind, path }: Difference): PatternTracker | undefined {
    const id = this.fingerprint(endpoint, kind, path);
    const known = this.trackers.get(id);
    if (known !== undefined || this.trackers.size >= LIMITS.patternClasses) return known;
    const tracker = new PatternTracker();
    this.trackers.set(id, tracker);
    return tracker;
  }

  /** A newer epoch begins with nothing; what was begun under an older one is no evidence of it. */
  private isCurrent(epoch: number): boolean {
    if (epoch < this.epoch) return false;
    if (epoch === this.epoch) return true;
    this.epoch = epoch;
    this.endpoints.clear();
    this.trackers.clear();
    this.shares.clear();
    this.sharing.clear();
    for (const cell of this.classes.values()) cell.forgetEvidence();
    return true;
  }

  private endpoint(name: string): { pairs: number; triples: number } {
    let counts = this.endpoints.get(name);
    if (counts === undefined) {
      counts = { pairs: 0, triples: 0 };
      this.endpoints.set(name, counts);
    }
    return counts;
  }

  /**
   * Beyond the share of its endpoint a class is counted as `{other}` of its kind there; beyond `LIMITS.classesPerDelta`
   * as `other`.
   */
  private cell({ route, endpoint }: ClassSource, { kind, path }: Difference): ClassCell {
    const id = this.fingerprint(endpoint, kind, path);
    const known = this.classes.get(id);
    if (known !== undefined) return known;
    if (!this.hasShare(id, endpoint, kind)) {
      return this.many({ route, kind, endpoint, path: OTHER_PLACES });
    }
    if (this.classes.size < LIMITS.classesPerDelta) return this.open({ id, route, endpoint, kind, path });
    return this.many({ route, kind, endpoint: OTHER, path: OTHER });
  }

  /** Who has a share keeps it, so that a class never changes its name. */
  private hasShare(id: string, endpoint: string, kind: DifferenceKind): boolean {
    if (this.sharing.has(id)) return true;
    if (this.sharing.size >= LIMITS.classesShown || !this.shares.take(endpoint, kind)) return false;
    this.sharing.add(id);
    return true;
  }

  private many(key: Omit<ClassCell['key'], 'id'>): ClassCell {
    const id = this.fingerprint(key.endpoint, key.kind, key.path);
    return this.classes.get(id) ?? this.open({ id, ...key });
  }

  private open(key: ClassCell['key']): ClassCell {
    const cell = new ClassCell(key);
    this.classes.set(key.id, cell);
    return cell;
  }

  /** The first example of a class and process; then at the most one smaller and one later in each delta. */
  private exemplify(
    cell: ClassCell,
    source: ClassSource,
    differences: readonly Difference[],
    difference: Difference,
  ): void {
    const { id, endpoint } = cell.key;
    if (endpoint === OTHER) return;
    const bytes = source.legacy.bodyBytes + source.candidate.bodyBytes;
    const least = this.shown.get(id);
    const isFirst = least === undefined;
    const isSmaller = !isFirst && bytes < least && cell.smallest === null;
    if (isFirst && this.shown.size >= LIMITS.classesShown) return;
    if (!isFirst && (this.examples >= LIMITS.examplesPerDelta || (!isSmaller && cell.latest !== null)))
      return;
    if (!isFirst) this.examples += 1;
    const example = exampleOf(source, differences, difference);
    if (isFirst || isSmaller) this.shown.set(id, bytes);
    if (isFirst) cell.example = example;
    else if (isSmaller) cell.smallest = example;
    if (!isFirst) cell.latest = example;
  }

  /** What happened since the previous call. */
  take(): ClassDelta {
    const classes = Array.from(this.classes.values(), (cell) => cell.counts(this.trackers.get(cell.key.id)));
    this.classes = new Map();
    this.examples = 0;
    if (this.endpoints.size === 0) return { classes };
    const endpoints = Array.from(this.endpoints, ([endpoint, counts]) => ({ endpoint, ...counts }));
    this.endpoints = new Map();
    return { classes, evidenceEpoch: this.epoch, endpoints };
  }
}

/** The kind is part of a class: noise in a value never hides a missing field. */
export function isSameClass(one: Difference, other: Difference): boolean {
  return one.kind === other.kind && one.path === other.path;
}

function exampleOf(
  source: ClassSource,
  differences: readonly Difference[],
  difference: Difference,
): DifferenceExample {
  const { requestId, direction, epoch, method, legacy, candidate } = source;
  const others = differences.filter((each) => each !== difference).slice(0, LIMITS.exampleDifferences);
  const seen = { requestId, atMs: wallMs(), direction, epoch, method, ...source.masked(), difference };
  return { ...seen, others, legacy, candidate };
}
