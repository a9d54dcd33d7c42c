import { LIMITS } from '../core/limits.ts';
import type { Difference } from '../core/observation.ts';
import type { RuleHits } from '../core/rules.ts';
import { classId } from '../diff/fingerprint.ts';
import { maskTarget } from '../diff/mask.ts';
import { encodeHistogram, addEncoded, newHistogram, recordUs } from '../telemetry/histogram.ts';
import { REPLAY_OUTCOMES, SKIPPED } from './result.ts';
import type { EndpointCounts, PairEnd, ReplayClass, ReplayCounts, Skipped } from './result.ts';

/** What a class needs to know of the pair that showed it. */
export interface PairSubject {
  readonly line: number;
  readonly requestId: string;
  readonly endpoint: string;
  readonly method: string;
  readonly target: string;
}

/** A tally as plain data: what an interrupted replay goes on from. */
export interface TallyState {
  readonly counts: ReplayCounts;
  readonly classes: readonly ReplayClass[];
  readonly endpoints: readonly (readonly [endpoint: string, counts: EndpointCounts])[];
  readonly statuses: Readonly<Record<'legacy' | 'candidate', Readonly<Record<string, number>>>>;
  /** Differences that each rule hid. */
  readonly hidden: Readonly<Record<string, number>>;
  readonly latency: Readonly<Record<'legacy' | 'candidate', string>>;
}

/** Adds up what became of every request. Pairs are added in the order of the capture, so that runs give the same. */
export class ReplayTally {
  readonly counts: ReplayCounts = emptyCounts();
  private readonly classes = new Map<string, ReplayClass>();
  readonly endpoints = new Map<string, EndpointCounts>();
  private readonly statuses = { legacy: new Map<string, number>(), candidate: new Map<string, number>() };
  private readonly hidden = new Map<string, number>();
  private readonly latency = { legacy: newHistogram(), candidate: newHistogram() };

  /** A request is not sent. */
  leave(why: Skipped): void {
    this.counts.read += 1;
    this.counts.skipped[why] += 1;
  }

  /** A pair is over. */
  add(subject: PairSubject, end: PairEnd): void {
    const { counts } = this;
    counts.read += 1;
    counts.sent += 1;
    counts.outcomes[end.outcome] += 1;
    const endpoint = this.endpointCounts(subject.endpoint);
    endpoint.sent += 1;
    this.addStatuses(end);
    if (!end.judged) return;
    counts.judged += 1;
    endpoint.judged += 1;
    if (end.differs) counts.differing += 1;
    if (end.differs) endpoint.differing += 1;
    if (end.statusDiffers) counts.statusDiffering += 1;
    if (end.improvedOnly) counts.improved += 1;
    for (const difference of end.differences) this.addDifference(subject, difference);
    this.addIgnored(end.ignored, end.differences.length === 0);
  }

  private addIgnored(ignored: readonly RuleHits[], only: boolean): void {
    if (ignored.length > 0 && only) this.counts.ignored += 1;
    for (const { rule, hidden } of ignored) this.hidden.set(rule, (this.hidden.get(rule) ?? 0) + hidden);
  }

  private endpointCounts(wanted: string): EndpointCounts {
    // Methods are part of an endpoint, and a capture may make up any number of them.
    const isFull = this.endpoints.size >= 2 * LIMITS.endpoints && !this.endpoints.has(wanted);
    const endpoint = isFull ? '{other}' : wanted;
    const known = this.endpoints.get(endpoint) ?? { sent: 0, judged: 0, differing: 0 };
    this.endpoints.set(endpoint, known);
    return known;
  }

  private addStatuses({ legacy, candidate, legacyUs, candidateUs }: PairEnd): void {
    if (legacy !== '') increase(this.statuses.legacy, legacy);
    if (candidate !== '') increase(this.statuses.candidate, candidate);
    if (legacyUs < 0 || candidateUs < 0) return;
    recordUs(this.latency.legacy, legacyUs);
    recordUs(this.latency.candidate, candidateUs);
  }

  private addDifference(subject: PairSubject, { kind, path, legacy, candidate }: Difference): void {
    const { line, requestId, endpoint, method } = subject;
    const id = classId(endpoint, kind, path);
    const known = this.classes.get(id);
    if (known === undefined && this.classes.size >= LIMITS.replayClasses) {
      this.counts.otherClasses += 1;
      return;
    }
    // After an interruption an earlier request may come later: the first of the capture stays the example.
    const isFirst = known === undefined || line < known.example.line;
    const target = isFirst ? maskTarget(subject.target) : '';
    const example = isFirst ? { line, requestId, method, target, legacy, candidate } : known.example;
    this.classes.set(id, { id, endpoint, kind, path, count: (known?.count ?? 0) + 1, example });
  }

  /** Everything as plain data, in an order that depends on nothing but the capture and the answers. */
  state(): TallyState {
    const { counts, classes, endpoints, statuses, latency, hidden } = this;
    return {
      counts: structuredClone(counts),
      classes: [...classes.values()].toSorted(
        (one, other) => other.count - one.count || (one.id < other.id ? -1 : 1),
      ),
      endpoints: [...endpoints].toSorted(([one], [other]) => (one < other ? -1 : 1)),
      statuses: { legacy: sorted(statuses.legacy), candidate: sorted(statuses.candidate) },
      hidden: sorted(hidden),
      latency: {
        legacy: encodeHistogram(latency.legacy),
        candidate: encodeHistogram(latency.candidate),
      },
    };
  }

  /** Goes on from what an interrupted replay had counted. */
  restore({ counts, classes, endpoints, statuses, latency, hidden }: TallyState): void {
    Object.assign(this.counts, structuredClone(counts));
    for (const each of classes) this.classes.set(each.id, each);
    for (const [rule, seen] of Object.entries(hidden)) this.hidden.set(rule, seen);
    for (const [endpoint, known] of endpoints) this.endpoints.set(endpoint, { ...known });
    for (const lane of ['legacy', 'candidate'] as const) {
      for (const [status, seen] of Object.entries(statuses[lane])) this.statuses[lane].set(status, seen);
      addEncoded(this.latency[lane], latency[lane]);
    }
  }
}

function emptyCounts(): ReplayCounts {
  const zero = {
    read: 0,
    sent: 0,
    judged: 0,
    differing: 0,
    statusDiffering: 0,
    improved: 0,
    ignored: 0,
    otherClasses: 0,
  };
  return { ...zero, skipped: zeros(SKIPPED), outcomes: zeros(REPLAY_OUTCOMES) };
}

function zeros<Key extends string>(keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
