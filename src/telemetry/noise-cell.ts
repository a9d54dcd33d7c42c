// HOT: fields are added to; nothing is allocated but once a second.
import { OUTCOMES } from '../core/observation.ts';
import type { Outcome } from '../core/observation.ts';
import type { Joint, NoiseCounts } from './types.ts';

interface OpenJoint {
  n: number;
  plus: number;
  minus: number;
}

function noOutcomes(): Record<Outcome, number> {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
}

/** No noise leg at all. */
export function noNoise(): NoiseCounts {
  const unexplained = { n: 0, plus: 0, minus: 0 };
  return { chosen: 0, dropped: 0, sent: 0, outcomes: noOutcomes(), pending: 0, unexplained };
}

/** Fate of the noise legs of one route, region and direction. */
export class NoiseCell {
  dropped = 0;
  sent = 0;
  outcomes = noOutcomes();
  /** A level: it survives {@link take}. */
  pending = 0;
  private n = 0;
  private plus = 0;
  private minus = 0;
  private readonly error: OpenJoint = { n: 0, plus: 0, minus: 0 };
  private readonly tail: OpenJoint = { n: 0, plus: 0, minus: 0 };

  drop(): void {
    this.dropped += 1;
  }

  /** One leg leaves; it is pending until it is concluded. */
  send(): void {
    this.sent += 1;
    this.pending += 1;
  }

  /** Concludes one pending leg. */
  conclude(outcome: Outcome): void {
    this.outcomes[outcome] += 1;
    this.pending -= 1;
  }

  /** Counts one triple: which side showed a class of differences that the other one did not. */
  judge(candidateAlone: boolean, legacyAlone: boolean): void {
    this.n += 1;
    if (candidateAlone && !legacyAlone) this.plus += 1;
    if (legacyAlone && !candidateAlone) this.minus += 1;
  }

  /** Counts one second answer of legacy beside its first: whether each was bad, or slow. */
  drift(metric: 'error' | 'tail', second: boolean, first: boolean): void {
    const joint = this[metric];
    joint.n += 1;
    if (second && !first) joint.plus += 1;
    if (first && !second) joint.minus += 1;
  }

  /** Counts since the previous call, or undefined when nothing happened and nothing is pending. */
  take(): NoiseCounts | undefined {
    const { dropped, sent, outcomes, pending, n, plus, minus } = this;
    const ended = OUTCOMES.some((outcome) => outcomes[outcome] > 0);
    const drift = this.error.n === 0 ? undefined : { error: taken(this.error), tail: taken(this.tail) };
    if (dropped + sent + pending + n === 0 && !ended && drift === undefined) return undefined;
    this.dropped = 0;
    this.sent = 0;
    this.outcomes = noOutcomes();
    this.n = 0;
    this.plus = 0;
    this.minus = 0;
    const fate = { chosen: dropped + sent, dropped, sent, outcomes, pending };
    return { ...fate, unexplained: { n, plus, minus }, ...(drift === undefined ? {} : { drift }) };
  }
}

function taken(joint: OpenJoint): Joint {
  const counts = { ...joint };
  joint.n = 0;
  joint.plus = 0;
  joint.minus = 0;
  return counts;
}
