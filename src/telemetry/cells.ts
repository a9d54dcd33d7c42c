// HOT: fields are added to, nothing is allocated once a cell exists.
import type { FailureCode } from '../core/errors.ts';
import { OUTCOMES } from '../core/observation.ts';
import type { Outcome } from '../core/observation.ts';
import type { RuleHits } from '../core/rules.ts';
import { encodeHistogram, newHistogram } from './histogram.ts';
import { NoiseCell } from './noise-cell.ts';
import type { CopyCounts, FailureCounts, Joint, LaneCounts, LaneKey, PairKey, PairMetric } from './types.ts';

type Failures = { -readonly [K in keyof FailureCounts]: FailureCounts[K] };

function countFailure(failures: Failures, code: FailureCode): void {
  failures[code] = (failures[code] ?? 0) + 1;
}

/** Counters of one lane, route and region between two deltas. */
export class LaneCell {
  readonly key: LaneKey;
  requests = 0;
  bad = 0;
  abandoned = 0;
  writes = 0;
  fallbacks = 0;
  private failures: Failures = {};
  readonly statusClasses: number[] = [0, 0, 0, 0, 0, 0];
  readonly writeClasses: number[] = [0, 0, 0, 0, 0, 0];
  bytesIn = 0;
  bytesOut = 0;
  readonly latency = newHistogram();

  constructor(key: LaneKey) {
    this.key = key;
  }

  /** Counts one failure of the lane. */
  fail(code: FailureCode): void {
    countFailure(this.failures, code);
  }

  /** Counts since the previous call, or null when there are none; starts again from zero. */
  take(): LaneCounts | null {
    if (this.requests === 0 && this.bytesIn + this.bytesOut === 0) return null;
    const counts: LaneCounts = {
      ...this.key,
      requests: this.requests,
      bad: this.bad,
      abandoned: this.abandoned,
      writes: this.writes,
      fallbacks: this.fallbacks,
      failures: this.failures,
      statusClasses: this.statusClasses.slice(),
      writeClasses: this.writeClasses.slice(),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      latency: encodeHistogram(this.latency),
    };
    this.requests = 0;
    this.bad = 0;
    this.abandoned = 0;
    this.writes = 0;
    this.fallbacks = 0;
    this.failures = {};
    this.statusClasses.fill(0);
    this.writeClasses.fill(0);
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.latency.reset();
    return counts;
  }
}

type Decisions = CopyCounts['decisions'];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function noDecisions(): Mutable<Decisions> {
  return { not_sampled: 0, dropped: 0, too_large: 0, candidate_saturated: 0, sent: 0 };
}

function noOutcomes(): Record<Outcome, number> {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
}

function noJoint(): Record<PairMetric, Mutable<Joint>> {
  return {
    error: { n: 0, plus: 0, minus: 0 },
    difference: { n: 0, plus: 0, minus: 0 },
    tail: { n: 0, plus: 0, minus: 0 },
  };
}

/** Fate of the copies of one route, region and direction. */
export class CopyCell {
  readonly key: PairKey;
  decisions = noDecisions();
  outcomes = noOutcomes();
  joint = noJoint();
  rateCapped = 0;
  ignoredPairs = 0;
  private ignored: Record<string, number> = {};
  private failures: Failures = {};
  excluded = 0;
  answeredByFilter = 0;
  neverSent = 0;
  /** Pairs that are evidence and whose request was a write. */
  writePairs = 0;
  /** Lots drawn request by request. */
  drawnChosen = 0;
  drawnLeft = 0;
  /** A level: it survives {@link take}. */
  pending = 0;
  readonly copyLatency = newHistogram();
  readonly originalLatency = newHistogram();
  readonly noise = new NoiseCell();
  private touched = false;

  constructor(key: PairKey) {
    this.key = key;
  }

  /** Counts a decision; `sent` makes the copy pending. */
  decide(decision: keyof Decisions): void {
    this.decisions[decision] += 1;
    if (decision === 'sent') this.pending += 1;
    this.touched = true;
  }

  /** Counts a request of the sample that the cap on copies a second left out. */
  capRate(): void {
    this.rateCapped += 1;
    this.decide('not_sampled');
  }

  /** Counts a lot that was drawn for this request alone. */
  draw(chosen: boolean): void {
    if (chosen) this.drawnChosen += 1;
    else this.drawnLeft += 1;
  }

  /** Counts why a copy failed. */
  fail(code: FailureCode): void {
    countFailure(this.failures, code);
  }

  /** Concludes one pending copy. */
  conclude(outcome: Outcome): void {
    this.outcomes[outcome] += 1;
    this.pending -= 1;
    this.touched = true;
  }

  /** Counts what rules hid in one pair. @param only nothing else differs in it */
  ignore(hits: readonly RuleHits[], only: boolean): void {
    if (only) this.ignoredPairs += 1;
    for (const { rule } of hits) this.ignored[rule] = (this.ignored[rule] ?? 0) + 1;
  }

  /** Counts one joint outcome: which side of the pair was bad. */
  judge(metric: PairMetric, candidateBad: boolean, legacyBad: boolean): void {
    const joint = this.joint[metric];
    joint.n += 1;
    if (candidateBad && !legacyBad) joint.plus += 1;
    if (legacyBad && !candidateBad) joint.minus += 1;
    this.touched = true;
  }

  /** Counts since the previous call, or null when nothing happened and nothing is pending. */
  take(): CopyCounts | null {
    const noise = this.noise.take();
    if (!this.touched && this.pending === 0 && noise === undefined) return null;
    const { decisions } = this;
    const counts: CopyCounts = {
      ...this.key,
      eligible:
        decisions.not_sampled +
        decisions.dropped +
        decisions.too_large +
        decisions.candidate_saturated +
        decisions.sent,
      decisions,
      outcomes: this.outcomes,
      joint: this.joint,
      ignoredPairs: this.ignoredPairs,
      ignored: this.ignored,
      writePairs: this.writePairs,
      ...(this.drawnChosen + this.drawnLeft === 0
        ? {}
        : { drawn: { chosen: this.drawnChosen, left: this.drawnLeft } }),
      pending: this.pending,
      rateCapped: this.rateCapped,
      failures: this.failures,
      excluded: this.excluded,
      answeredByFilter: this.answeredByFilter,
      neverSent: this.neverSent,
      copyLatency: encodeHistogram(this.copyLatency),
      originalLatency: encodeHistogram(this.originalLatency),
      ...(noise === undefined ? {} : { noise }),
    };
    this.restart();
    return counts;
  }

  private restart(): void {
    this.decisions = noDecisions();
    this.outcomes = noOutcomes();
    this.joint = noJoint();
    this.ignoredPairs = 0;
    this.ignored = {};
    this.writePairs = 0;
    this.drawnChosen = 0;
    this.drawnLeft = 0;
    this.rateCapped = 0;
    this.failures = {};
    this.excluded = 0;
    this.answeredByFilter = 0;
    this.neverSent = 0;
    this.copyLatency.reset();
    this.originalLatency.reset();
    this.touched = false;
  }
}
