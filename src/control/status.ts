import { actionText } from '../core/rules.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { GateReport } from '../rollout/gates/types.ts';
import { positions } from '../rollout/position.ts';
import type { RolloutPlan, RolloutState } from '../rollout/state.ts';
import { exposureAt, shareOf } from '../rollout/view.ts';
import type { LatencySummary } from '../telemetry/histogram.ts';
import type { LaneSummary, PairSummary, Summary } from '../telemetry/summary.ts';
import type { NoiseCounts } from '../telemetry/types.ts';
import type { Status } from './schema/status.ts';

/** Everything a status is made of. */
export interface StatusInput extends Pick<
  Status,
  | 'build'
  | 'atMs'
  | 'startedAtMs'
  | 'snapshot'
  | 'classes'
  | 'lostClasses'
  | 'listeners'
  | 'workers'
  | 'store'
> {
  readonly state: RolloutState;
  readonly plan: RolloutPlan;
  readonly gate: GateReport;
  /** Rules about differences; absent: none. */
  readonly rules?: readonly DifferenceRule[];
  /** What was observed lately. */
  readonly summary: Summary;
}

/** The status of a gateway: pure, the same input gives the same answer. */
export function buildStatus(input: StatusInput): Status {
  const { build, atMs, startedAtMs, snapshot, classes, listeners, workers, store, state, summary } = input;
  const spanMs = Math.max(0, summary.toMs - summary.fromMs);
  return {
    schemaVersion: 1,
    product: 'cutover',
    build,
    atMs,
    startedAtMs,
    rollout: rolloutOf(state, input.plan),
    gate: gateOf(input.gate),
    shares: sharesOf(input),
    snapshot,
    observed: { fromMs: summary.fromMs, toMs: summary.toMs, windows: summary.windows },
    lanes: {
      legacy: laneOf(summary.lanes.legacy, spanMs),
      candidate: laneOf(summary.lanes.candidate, spanMs),
    },
    pairLatency: {
      legacy: latencyOf(summary.pairLatency.legacy),
      candidate: latencyOf(summary.pairLatency.candidate),
    },
    delta: deltaOf(summary),
    pairs: { shadow: pairsOf(summary.pairs.shadow), reverse: pairsOf(summary.pairs.reverse) },
    ineligible: { ...summary.ineligible },
    edge: { ...summary.edge },
    classes,
    ...(input.lostClasses === undefined ? {} : { lostClasses: input.lostClasses }),
    rules: (input.rules ?? []).map((rule) => ruleOf(rule, summary)),
    listeners,
    workers,
    store,
  };
}

function ruleOf(rule: DifferenceRule, { pairs }: Summary): Status['rules'][number] {
  const { id, path, endpoints, action, reason, owner, expiresMs } = rule;
  const hidden = (pairs.shadow.ignored[id] ?? 0) + (pairs.reverse.ignored[id] ?? 0);
  const said = { reason, owner, expiresMs };
  return { id, path, endpoints: [...endpoints], does: actionText(action), ...said, pairs: hidden };
}

function rolloutOf(state: RolloutState, plan: RolloutPlan): Status['rollout'] {
  const { phase, step, sinceMs, paused, bypass, epoch, epochSinceMs, sequence, lastGood, withdrawn } = state;
  const steps = plan.regional.steps.length;
  return {
    phase,
    step,
    steps,
    sinceMs,
    paused,
    bypass,
    epoch,
    epochSinceMs,
    sequence,
    lastGood,
    withdrawn: [...withdrawn],
    ladder: ladderOf(plan),
  };
}

/** Every position in its order, with what a regional step gives. */
function ladderOf(plan: RolloutPlan): Status['rollout']['ladder'] {
  return positions(plan).map(({ phase, step }) => {
    const given = phase === 'regional' ? plan.regional.steps[step] : undefined;
    return { phase, step, region: given?.region ?? null, share: given?.share ?? null };
  });
}

function gateOf({ metrics, requirements, coverage, ...gate }: GateReport): Status['gate'] {
  return {
    ...gate,
    metrics: metrics.map(({ interval, ...line }) => ({
      ...line,
      interval: interval === null ? null : [interval[0], interval[1]],
    })),
    requirements: [...requirements],
    coverage: [...coverage],
  };
}

/** Regions of the plan in its order, then those that traffic named, by name. */
function sharesOf({ state, plan, summary }: StatusInput): Status['shares'] {
  const planned = plan.regional.steps.map((step) => step.region);
  const regions = new Set([...planned, ...Object.keys(summary.regions).sort()]);
  const exposure = exposureAt(state, plan);
  return [...regions].map((region) => {
    const seen = Object.hasOwn(summary.regions, region) ? summary.regions[region] : undefined;
    const requests = seen?.requests ?? 0;
    return {
      region,
      desired: state.bypass ? 0 : shareOf(exposure, region),
      actual: requests === 0 ? null : (seen?.candidateRequests ?? 0) / requests,
      requests,
    };
  });
}

function laneOf(
  { requests, bad, abandoned, failures, latency }: LaneSummary,
  spanMs: number,
): Status['lanes']['legacy'] {
  return {
    requests,
    bad,
    abandoned,
    failures: { ...failures },
    badRatio: requests === 0 ? null : bad / requests,
    perSecond: spanMs === 0 ? 0 : (requests * 1_000) / spanMs,
    latency: latencyOf(latency),
  };
}

function latencyOf(latency: LatencySummary): Status['lanes']['legacy']['latency'] {
  return {
    samples: latency.samples,
    p50Ms: toMs(latency.p50Us),
    p90Ms: toMs(latency.p90Us),
    p99Ms: toMs(latency.p99Us),
    p999Ms: toMs(latency.p999Us),
  };
}

/** Candidate minus legacy over pairs. */
function deltaOf({ pairLatency: { candidate, legacy }, p99Delta }: Summary): Status['delta'] {
  return {
    p50Ms: toMs(minus(candidate.p50Us, legacy.p50Us)),
    p90Ms: toMs(minus(candidate.p90Us, legacy.p90Us)),
    p99Ms: toMs(minus(candidate.p99Us, legacy.p99Us)),
    p999Ms: toMs(minus(candidate.p999Us, legacy.p999Us)),
    p99LowMs: toMs(p99Delta.lowUs),
    p99HighMs: toMs(p99Delta.highUs),
  };
}

function minus(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left - right;
}

function toMs(us: number | null): number | null {
  return us === null ? null : us / 1_000;
}

function pairsOf(summary: PairSummary): Status['pairs']['shadow'] {
  const { eligible, notSampled, dropped, tooLarge, candidateSaturated, sent } = summary;
  const { compared, shadowFailed, timedOut, clientAborted, responseTooLarge, diffDropped, pending } = summary;
  const sampled = dropped + tooLarge + candidateSaturated + sent;
  const { error, difference, tail } = summary.joint;
  return {
    accounting: {
      eligible,
      notSampled,
      sampled,
      dropped,
      tooLarge,
      candidateSaturated,
      sent,
      compared,
      shadowFailed,
      timedOut,
      clientAborted,
      responseTooLarge,
      diffDropped,
      pending,
    },
    rateCapped: summary.rateCapped,
    excluded: summary.excluded,
    ignoredPairs: summary.ignoredPairs,
    ignored: { ...summary.ignored },
    failures: { ...summary.failures },
    joint: { error: { ...error }, difference: { ...difference }, tail: { ...tail } },
    ...(summary.noise === null ? {} : { noise: noiseOf(summary.noise) }),
  };
}

function noiseOf(noise: NoiseCounts): NonNullable<Status['pairs']['shadow']['noise']> {
  const { chosen, dropped, sent, outcomes, pending, unexplained } = noise;
  return {
    chosen,
    dropped,
    sent,
    compared: outcomes.compared,
    failed: outcomes.shadow_failed,
    timedOut: outcomes.timed_out,
    clientAborted: outcomes.client_aborted,
    responseTooLarge: outcomes.response_too_large,
    diffDropped: outcomes.diff_dropped,
    pending,
    triples: { ...unexplained },
  };
}
