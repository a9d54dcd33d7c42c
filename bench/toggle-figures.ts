import { estimate, median } from './statistics.ts';
import type { Estimate } from './statistics.ts';
import type { ToggleStateName, ToggleWork } from './works.ts';

/** One window of the process that is switched. */
export interface ToggleSample {
  readonly turn: number;
  readonly state: ToggleStateName;
  readonly dropped: boolean;
  readonly errors: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** Copies for each request; for `hung` connections that were opened. */
  readonly copies: number;
  /** Forged tokens that were answered in a second, beside the requests that are measured; null where there is no flood. */
  readonly flooded: number | null;
}

/** One comparison with the first state, of neighbouring windows. */
export interface ToggleRatio {
  readonly metric: 'p99' | 'throughput';
  readonly state: ToggleStateName;
  readonly ratio: Estimate | null;
  readonly passed: boolean | null;
}

/** What the clients of one process saw while its shadow was switched. */
export interface ToggleResult {
  readonly work: string;
  readonly tolerance: number;
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
  readonly state: ToggleStateName;
  readonly windows: number;
  readonly requestsPerSecond: number | null;
  readonly p99Ms: number | null;
  readonly copies: number | null;
  readonly flooded: number | null;
}

/**
 * Whether clients saw no difference: the interval holds 1, or its bad end is within the tolerance of it.
 * @returns null when there are too few windows for an interval
 */
export function isWithinNoise(
  metric: 'p99' | 'throughput',
  ratio: Estimate | null,
  tolerance: number,
): boolean | null {
  if (ratio === null || ratio.low === null || ratio.high === null) return null;
  if (ratio.low <= 1 && ratio.high >= 1) return true;
  return metric === 'p99' ? ratio.high <= 1 + tolerance : ratio.low >= 1 - tolerance;
}

/** Ratios are taken within one turn, whose windows are neighbours; a turn with a dropped window has none. */
function ratioOf(
  states: readonly [ToggleStateName, ToggleStateName],
  samples: readonly ToggleSample[],
  pick: (sample: ToggleSample) => number,
): Estimate | null {
  const [first, other] = states;
  const kept = samples.filter((sample) => !sample.dropped);
  const firsts = new Map(kept.filter((one) => one.state === first).map((one) => [one.turn, pick(one)]));
  const ratios = kept
    .filter((one) => one.state === other)
    .map((one) => pick(one) / (firsts.get(one.turn) ?? Number.NaN));
  return estimate(ratios);
}

function stateOf(state: ToggleStateName, samples: readonly ToggleSample[]): ToggleState {
  const kept = samples.filter((sample) => sample.state === state && !sample.dropped);
  const middle = (values: number[]) => (values.length === 0 ? null : median(values));
  return {
    state,
    windows: kept.length,
    requestsPerSecond: middle(kept.map((sample) => sample.requestsPerSecond)),
    p99Ms: middle(kept.map((sample) => sample.p99Ms)),
    copies: middle(kept.map((sample) => sample.copies)),
    flooded: middle(kept.flatMap(({ flooded }) => (flooded === null ? [] : [flooded]))),
  };
}

/** The result of one subject. */
export function toggleResult(
  work: ToggleWork,
  subject: string,
  samples: readonly ToggleSample[],
): ToggleResult {
  const present = work.states.filter((state) => samples.some((sample) => sample.state === state));
  const kept = samples.filter((sample) => !sample.dropped);
  const why = samples.length === 0 ? 'no window was taken' : 'every window was disturbed by others';
  return {
    work: work.name,
    tolerance: work.tolerance,
    subject,
    status: kept.length === 0 ? 'not measurable' : 'measured',
    reason: kept.length === 0 ? why : null,
    turns: new Set(samples.map((sample) => sample.turn)).size,
    windows: kept.length,
    dropped: samples.length - kept.length,
    errors: samples.reduce((sum, sample) => sum + sample.errors, 0),
    states: present.map((state) => stateOf(state, samples)),
    ratios: present.slice(1).flatMap((state) => ratiosOf(work, state, samples)),
  };
}

function ratiosOf(
  { states, saturates, tolerance }: ToggleWork,
  state: ToggleStateName,
  samples: readonly ToggleSample[],
): ToggleRatio[] {
  const pair = [states[0] ?? state, state] as const;
  const p99 = ratioOf(pair, samples, (one) => one.p99Ms);
  const throughput = ratioOf(pair, samples, (one) => one.requestsPerSecond);
  return [
    { metric: 'p99' as const, ratio: p99 },
    ...(saturates ? [{ metric: 'throughput' as const, ratio: throughput }] : []),
  ].map(({ metric, ratio }) => ({ metric, state, ratio, passed: isWithinNoise(metric, ratio, tolerance) }));
}

/** A subject that could not be measured. */
export function toggleWithout(work: ToggleWork, subject: string, reason: string): ToggleResult {
  const none = { turns: 0, windows: 0, dropped: 0, errors: 0, states: [], ratios: [] };
  const { name, tolerance } = work;
  return { work: name, tolerance, subject, status: 'not measurable', reason, ...none };
}
