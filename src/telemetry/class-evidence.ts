import { LIMITS } from '../core/limits.ts';
import { logAbort } from '../stats/paired.ts';
import { addSparse } from './sparse-latency.ts';
import type { ClassCounts, ClassTallies, Discordant, EndpointCounts, TelemetryDelta } from './types.ts';

/** Discordant triples, and the largest evidence so far that the candidate shows it more often than legacy does. */
export interface Weighed extends Discordant {
  /** Natural logarithm of an e-process, its running maximum over all looks. */
  readonly peak: number;
}

/** Everything known about one class in one epoch. */
export interface ClassEvidence extends Weighed {
  readonly id: string;
  readonly endpoint: string;
  /** Number of the class in the order in which they were first seen, from 1: what it may spend of the chance of error. */
  readonly rank: number;
  /** Pairs that showed it. */
  readonly pairs: number;
  /** Triples in which both sides showed it. */
  readonly both: number;
  readonly legacyLatency: string;
  readonly candidateLatency: string;
  readonly patterns: Readonly<Record<string, Weighed>>;
}

/** The evidence of one epoch as it is stored. */
export interface StoredEvidence {
  readonly epoch: number;
  readonly endpoints: readonly EndpointCounts[];
  readonly classes: readonly ClassEvidence[];
}

type ClassDelta = Pick<TelemetryDelta, 'classes' | 'endpoints' | 'evidenceEpoch'>;

/**
 * What pairs and triples say about each class, of the newest epoch. Evidence of another epoch is dropped: other rules,
 * another build or another place are another question.
 */
export class EvidenceBook {
  private epoch = 0;
  private readonly endpoints = new Map<string, EndpointCounts>();
  private readonly classes = new Map<string, ClassEvidence>();
  /** Times that counts of a class were left out because so many others are judged: it has no verdict. */
  unjudged = 0;
  /** Something was learnt since {@link stored} was asked. */
  changed = false;

  /** Takes one worker's delta in. */
  learn({ classes, endpoints = [], evidenceEpoch }: ClassDelta): void {
    if (evidenceEpoch === undefined || !this.turnTo(evidenceEpoch)) return;
    for (const counts of endpoints) this.addEndpoint(counts);
    for (const counts of classes) if (counts.evidence !== undefined) this.addClass(counts, counts.evidence);
    this.changed = true;
  }

  /** Takes in what was stored before; what was learnt since comes on top of it. */
  recall(stored: StoredEvidence | null): void {
    if (stored === null || stored.epoch < this.epoch) return;
    const since = stored.epoch === this.epoch ? this.stored() : null;
    this.epoch = stored.epoch;
    this.endpoints.clear();
    this.classes.clear();
    for (const counts of stored.endpoints) this.addEndpoint(counts);
    for (const known of stored.classes) this.classes.set(known.id, known);
    for (const counts of since?.endpoints ?? []) this.addEndpoint(counts);
    for (const { id, endpoint, ...tallies } of since?.classes ?? []) this.addClass({ id, endpoint }, tallies);
  }

  /** The evidence of an epoch; none of another one than the newest. */
  of(epoch: number): StoredEvidence {
    return epoch === this.epoch ? this.view() : { epoch, endpoints: [], classes: [] };
  }

  /** Everything, to be stored. */
  stored(): StoredEvidence {
    this.changed = false;
    return this.view();
  }

  private view(): StoredEvidence {
    const { epoch, endpoints, classes } = this;
    return { epoch, endpoints: [...endpoints.values()], classes: [...classes.values()] };
  }

  private turnTo(epoch: number): boolean {
    if (epoch > this.epoch) {
      this.epoch = epoch;
      this.endpoints.clear();
      this.classes.clear();
      this.unjudged = 0;
    }
    return epoch === this.epoch;
  }

  private addEndpoint({ endpoint, pairs, triples }: EndpointCounts): void {
    const known = this.endpoints.get(endpoint);
    if (known === undefined && this.endpoints.size >= LIMITS.evidenceEndpoints) return;
    const before = known ?? { pairs: 0, triples: 0 };
    this.endpoints.set(endpoint, {
      endpoint,
      pairs: before.pairs + pairs,
      triples: before.triples + triples,
    });
  }

  private addClass({ id, endpoint }: Pick<ClassCounts, 'id' | 'endpoint'>, tallies: ClassTallies): void {
    const known = this.classes.get(id) ?? null;
    if (known === null && this.classes.size >= LIMITS.evidenceClasses) {
      this.unjudged += 1;
      return;
    }
    const rank = known?.rank ?? this.classes.size + 1;
    this.classes.set(id, { id, endpoint, rank, ...added(known, tallies) });
  }
}

function added(
  before: ClassEvidence | null,
  more: ClassTallies,
): Omit<ClassEvidence, 'id' | 'endpoint' | 'rank'> {
  return {
    ...weighed(before, more),
    pairs: (before?.pairs ?? 0) + more.pairs,
    both: (before?.both ?? 0) + more.both,
    legacyLatency: addSparse(before?.legacyLatency ?? '', more.legacyLatency),
    candidateLatency: addSparse(before?.candidateLatency ?? '', more.candidateLatency),
    patterns: addedPatterns(before?.patterns ?? {}, more.patterns ?? {}),
  };
}

/** A new one beyond the bound is not followed: each has its part of the chance of error, and there are so many parts. */
function addedPatterns(
  before: ClassEvidence['patterns'],
  more: Readonly<Record<string, Discordant>>,
): ClassEvidence['patterns'] {
  const patterns = { ...before };
  let room = LIMITS.patternsJudged - Object.keys(before).length;
  for (const [pattern, counts] of Object.entries(more)) {
    const known = patterns[pattern];
    if (known === undefined && room <= 0) continue;
    if (known === undefined) room -= 1;
    patterns[pattern] = weighed(known ?? null, counts);
  }
  return patterns;
}

/**
 * A sequential sign test of the discordant triples: were the candidate no other than a second legacy, either side would
 * be the odd one as often as the other, whatever happened before.
 */
function weighed(before: Weighed | null, more: Discordant): Weighed {
  const plus = (before?.plus ?? 0) + more.plus;
  const minus = (before?.minus ?? 0) + more.minus;
  return { plus, minus, peak: Math.max(before?.peak ?? 0, logAbort({ n: plus + minus, plus, minus }, 0)) };
}
