import { estimate, median } from './statistics.ts';
import type { Estimate } from './statistics.ts';

/** What copies meet: none are made; a candidate that answers; one that accepts and never does. */
export const STATES = ['off', 'on', 'hung'] as const;
export type ShadowState = (typeof STATES)[number];

/** One window of the process that is switched. */
export interface ToggleSample {
  readonly turn: number;
  readonly state: ShadowState;
  readonly dropped: boolean;
  readonly errors: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** Copies for each request; for `hung` connections that were opened. */
  readonly copies: number;
}

/** One comparison with `off`, of neighbouring windows. */
export interface ToggleRatio {
  readonly metric: 'p99' | 'throughput';
  readonly state: 'on' | 'hung';
  readonly ratio: Estimate | null;
  readonly passed: boolean | null;
}

/** What the clients of one process saw while its shadow was switched. */
export interface ToggleResult {
  readonly subject: string;
  readonly status: 'measured' | 'not measurable';
  readonly reason: string | null;
  readonly turns: number;
  readonly windows: number;
  readonly dropped: number;
  readonly errors: number;
  readonly states: readonly ToggleState[];
  readonly ratios: readonly ToggleRatio[];
}

/** Medians of one state. */
export interface ToggleState {
  readonly state: ShadowState;
  readonly windows: number;
  readonly requestsPerSecond: number | null;
  readonly p99Ms: number | null;
  readonly copies: number | null;
}

/** How far a bound of the interval may be from 1 where the interval does not hold it. */
const NOISE = 0.05;

/**
 * Whether clients saw no difference: the interval holds 1, or its bad end is within 5 % of it.
 * @returns null when there are too few windows for an interval
 */
export function isWithinNoise(metric: 'p99' | 'throughput', ratio: Estimate | null): boolean | null {
  if (ratio === null || ratio.low === null || ratio.high === null) return null;
  if (ratio.low <= 1 && ratio.high >= 1) return true;
  return metric === 'p99' ? ratio.high <= 1 + NOISE : ratio.low >= 1 - NOISE;
}

/** Ratios are taken within one turn, whose windows are neighbours; a turn with a dropped window has none. */
function ratioTo(
  state: 'on' | 'hung',
  samples: readonly ToggleSample[],
  pick: (sample: ToggleSample) => number,
): Estimate | null {
  const kept = samples.filter((sample) => !sample.dropped);
  const off = new Map(kept.filter((one) => one.state === 'off').map((one) => [one.turn, pick(one)]));
  const ratios = kept
    .filter((one) => one.state === state)
    .map((one) => pick(one) / (off.get(one.turn) ?? Number.NaN));
  return estimate(ratios);
}

function stateOf(state: ShadowState, samples: readonly ToggleSample[]): ToggleState {
  const kept = samples.filter((sample) => sample.state === state && !sample.dropped);
  const middle = (values: number[]) => (values.length === 0 ? null : median(values));
  return {
    state,
    windows: kept.length,
    requestsPerSecond: middle(kept.map((sample) => sample.requestsPerSecond)),
    p99Ms: middle(kept.map((sample) => sample.p99Ms)),
    copies: middle(kept.map((sample) => sample.copies)),
  };
}

/** The result of one subject. */
export function toggleResult(subject: string, samples: readonly ToggleSample[]): ToggleResult {
  const present = STATES.filter((state) => samples.some((sample) => sample.state === state));
  const compared = present.filter((state) => state !== 'off');
  const kept = samples.filter((sample) => !sample.dropped);
  const why = samples.length === 0 ? 'no window was taken' : 'every window was disturbed by others';
  return {
    subject,
    status: kept.length === 0 ? 'not measurable' : 'measured',
    reason: kept.length === 0 ? why : null,
    turns: new Set(samples.map((sample) => sample.turn)).size,
    windows: kept.length,
    dropped: samples.length - kept.length,
    errors: samples.reduce((sum, sample) => sum + sample.errors, 0),
    states: present.map((state) => stateOf(state, samples)),
    ratios: compared.flatMap((state) => [
      compare(
        'p99',
        state,
        ratioTo(state, samples, (one) => one.p99Ms),
      ),
      compare(
        'throughput',
        state,
        ratioTo(state, samples, (one) => one.requestsPerSecond),
      ),
    ]),
  };
}

function compare(metric: 'p99' | 'throughput', state: 'on' | 'hung', ratio: Estimate | null): ToggleRatio {
  return { metric, state, ratio, passed: isWithinNoise(metric, ratio) };
}

/** A subject that could not be measured. */
export function toggleWithout(subject: string, reason: string): ToggleResult {
  const none = { turns: 0, windows: 0, dropped: 0, errors: 0, states: [], ratios: [] };
  return { subject, status: 'not measurable', reason, ...none };
}
