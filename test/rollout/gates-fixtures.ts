import { noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import type { GatePlan } from '../../src/rollout/gates/plan.ts';
import type { Joint, Window } from '../../src/telemetry/types.ts';
import { at, plan } from './fixtures.ts';

const byHand = { approval: false, automatic: false };

/** The seed's plan with everything that gates read; one window is bake enough. */
export const gatePlan: GatePlan = {
  ...plan,
  shadow: { ...plan.shadow, dwellMs: 900_000, maxDurationMs: 86_400_000, ...byHand },
  canary: { ...plan.canary, dwellMs: 3_600_000, maxDurationMs: 259_200_000, minRequests: 20, ...byHand },
  regional: { ...plan.regional, dwellMs: 86_400_000, maxDurationMs: 1_209_600_000, ...byHand },
  enforce: { ...plan.enforce, dwellMs: 86_400_000 },
  gates: { minPairs: 1_000, errorRate: 'auto', tail: 0.005, differences: 0.001, badWindows: 0.99 },
};

const NO_JOINT: Joint = { n: 0, plus: 0, minus: 0 };

/** Requests of clients that one lane was asked. */
interface Answered {
  readonly requests: number;
  readonly writes?: number;
  readonly bad?: number;
  readonly abandoned?: number;
  readonly fallbacks?: number;
}

/** What one window shows of one route, region and direction, and of the clients' requests beside it. */
export interface Shown {
  readonly route?: string;
  readonly region?: string;
  readonly direction?: 'shadow' | 'reverse';
  readonly error?: Partial<Joint>;
  readonly difference?: Partial<Joint>;
  readonly tail?: Partial<Joint>;
  readonly writePairs?: number;
  readonly dropped?: number;
  readonly legacy?: Answered;
  readonly candidate?: Answered;
}

/** A window of the fixture's epoch: the `index`th of 10 s after the rollout came here. */
export function windowOf(index: number, shown: readonly Shown[], epoch = 1): Window {
  const lane = (
    { route = 'api', region = 'eu-west' }: Shown,
    name: 'legacy' | 'candidate',
    counts: Shown['legacy'],
  ): Window['lanes'] =>
    counts === undefined
      ? []
      : [
          {
            route,
            region,
            lane: name,
            requests: counts.requests,
            writes: counts.writes ?? 0,
            fallbacks: counts.fallbacks ?? 0,
            bad: counts.bad ?? 0,
            abandoned: counts.abandoned ?? 0,
            failures: {},
            statusClasses: [0, 0, 0, 0, 0, 0],
            bytesIn: 0,
            bytesOut: 0,
            latency: '',
          },
        ];
  return {
    id: index,
    startMs: index * 10_000,
    widthMs: 10_000,
    epoch,
    keeper: 'k',
    incarnations: ['w'],
    lanes: shown.flatMap((each) => [
      ...lane(each, 'legacy', each.legacy),
      ...lane(each, 'candidate', each.candidate),
    ]),
    copies: shown.map((each) => copies(each)),
    ineligible: {},
    edge: {},
  };
}

function copies(shown: Shown): Window['copies'][number] {
  const { route = 'api', region = 'eu-west', direction = 'shadow', dropped = 0, writePairs = 0 } = shown;
  const error = { ...NO_JOINT, ...shown.error };
  const difference = { ...NO_JOINT, n: error.n, ...shown.difference };
  return {
    route,
    region,
    direction,
    eligible: error.n + dropped,
    decisions: { not_sampled: 0, dropped, too_large: 0, candidate_saturated: 0, sent: error.n },
    outcomes: {
      compared: error.n,
      shadow_failed: 0,
      timed_out: 0,
      client_aborted: 0,
      response_too_large: 0,
      diff_dropped: 0,
    },
    pending: 0,
    rateCapped: 0,
    ignoredPairs: 0,
    ignored: {},
    failures: {},
    excluded: 0,
    answeredByFilter: 0,
    neverSent: 0,
    joint: { error, difference, tail: { ...NO_JOINT, n: error.n, ...shown.tail } },
    writePairs,
    copyLatency: '',
    originalLatency: '',
  };
}

/** A rollout in shadow since 0 without evidence, looked at after the dwell time; change what a test is about. */
export function gateInput(changes: Partial<GateInput> = {}): GateInput {
  const state = { ...at('shadow'), sinceMs: 0, epochSinceMs: 0 };
  return {
    state,
    plan: gatePlan,
    evidence: noEvidence((changes.state ?? state).epoch),
    critical: [],
    nowMs: 1_000_000,
    complete: true,
    ...changes,
  };
}
