import { wallMs } from '../core/clock.ts';
import type { GatewayConfig } from '../core/snapshot.ts';
import type { RolloutPlan, RolloutState } from '../rollout/state.ts';
import { exposureAt, shareOf } from '../rollout/view.ts';
import { summariseLatency } from '../telemetry/histogram.ts';
import type { LatencySummary } from '../telemetry/histogram.ts';
import { summarise } from '../telemetry/summary.ts';
import type { LaneSummary, PairSummary, Summary } from '../telemetry/summary.ts';
import type { CopyCounts, Window } from '../telemetry/types.ts';
import type { Status } from './schema/status.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** Everything a status is made of. */
export interface StatusParts {
  readonly build: string;
  readonly startedAtMs: number;
  readonly state: RolloutState;
  readonly plan: RolloutPlan;
  readonly gateway: GatewayConfig;
  /** One per listener, as bound. */
  readonly ports: readonly number[];
  readonly revision: number;
  readonly inEffect: boolean;
  /** Everything since the start, and of how many completed windows. */
  readonly total: Window | null;
  readonly windows: number;
  readonly classes: number;
  readonly places: readonly WorkerSlot[];
  readonly store: Status['store'];
}

/** What `cutover status --json` prints. */
export function statusOf(parts: StatusParts): Status {
  const { state, plan, total } = parts;
  const summary = summarise(total);
  const { phase, step, sinceMs, paused, bypass, epoch, sequence, lastGood } = state;
  const steps = plan.regional.steps.length;
  return {
    schemaVersion: 1,
    product: 'cutover',
    build: parts.build,
    atMs: wallMs(),
    startedAtMs: parts.startedAtMs,
    rollout: { phase, step, steps, sinceMs, paused, bypass, epoch, sequence, lastGood },
    shares: sharesOf(state, plan, summary),
    snapshot: { revision: parts.revision, inEffect: parts.inEffect, configHash: parts.gateway.hash },
    observed: { fromMs: summary.fromMs, toMs: summary.toMs, windows: parts.windows },
    lanes: {
      legacy: laneOf(summary.lanes.legacy, summary),
      candidate: laneOf(summary.lanes.candidate, summary),
    },
    delta: deltaOf(total?.copies ?? []),
    pairs: { shadow: pairsOf(summary.pairs.shadow), reverse: pairsOf(summary.pairs.reverse) },
    ineligible: summary.ineligible,
    edge: summary.edge,
    classes: parts.classes,
    listeners: parts.gateway.listeners.map(({ host, region }, index) => ({
      address: `${host.includes(':') ? `[${host}]` : host}:${parts.ports[index] ?? 0}`,
      region,
    })),
    workers: parts.places.map(workerOf),
    store: parts.store,
  };
}

function sharesOf(state: RolloutState, plan: RolloutPlan, summary: Summary): Status['shares'] {
  const exposure = exposureAt(state, plan);
  const named = plan.regional.steps.map((step) => step.region);
  const regions = [...new Set([...named, ...Object.keys(summary.regions)])];
  return regions.map((region) => {
    const { requests = 0, candidateRequests = 0 } = summary.regions[region] ?? {};
    const desired = state.bypass ? 0 : shareOf(exposure, region);
    return { region, desired, actual: requests === 0 ? null : candidateRequests / requests, requests };
  });
}

function laneOf(lane: LaneSummary, { fromMs, toMs }: Summary): Status['lanes']['legacy'] {
  const seconds = (toMs - fromMs) / 1_000;
  return {
    requests: lane.requests,
    bad: lane.bad,
    badRatio: lane.requests === 0 ? null : lane.bad / lane.requests,
    perSecond: seconds > 0 ? lane.requests / seconds : 0,
    latency: { samples: lane.latency.samples, ...inMs(lane.latency) },
  };
}

type Quantiles = Status['delta'];

function inMs({ p50Us, p90Us, p99Us, p999Us }: LatencySummary): Quantiles {
  const ms = (us: number | null): number | null => (us === null ? null : us / 1_000);
  return { p50Ms: ms(p50Us), p90Ms: ms(p90Us), p99Ms: ms(p99Us), p999Ms: ms(p999Us) };
}

/** Candidate minus legacy over pairs: in a reverse pair the copy is legacy's. */
function deltaOf(copies: readonly CopyCounts[]): Quantiles {
  const of = (lane: 'legacy' | 'candidate'): Quantiles =>
    inMs(
      summariseLatency(
        copies.map(({ direction, copyLatency, originalLatency }) =>
          (direction === 'shadow') === (lane === 'candidate') ? copyLatency : originalLatency,
        ),
      ),
    );
  const [legacy, candidate] = [of('legacy'), of('candidate')];
  const minus = (key: keyof Quantiles): number | null =>
    legacy[key] === null || candidate[key] === null ? null : candidate[key] - legacy[key];
  return { p50Ms: minus('p50Ms'), p90Ms: minus('p90Ms'), p99Ms: minus('p99Ms'), p999Ms: minus('p999Ms') };
}

function pairsOf(pairs: PairSummary): Status['pairs']['shadow'] {
  const { eligible, notSampled, dropped, tooLarge, candidateSaturated, sent } = pairs;
  const { compared, shadowFailed, timedOut, clientAborted, responseTooLarge, diffDropped, pending } = pairs;
  const sampled = eligible - notSampled;
  const decided = { eligible, notSampled, sampled, dropped, tooLarge, candidateSaturated, sent };
  const concluded = {
    compared,
    shadowFailed,
    timedOut,
    clientAborted,
    responseTooLarge,
    diffDropped,
    pending,
  };
  return { accounting: { ...decided, ...concluded }, joint: pairs.joint };
}

function workerOf({ index, current, restarts }: WorkerSlot): Status['workers'][number] {
  const { connections = 0, exchanges = 0, rssBytes = 0, loopDelayMs = 0 } = current?.gauges ?? {};
  return {
    slot: index,
    pid: current?.pid ?? 0,
    state: current?.state ?? 'down',
    acknowledgedRevision: current?.acknowledgedRevision ?? 0,
    restarts: Math.max(0, restarts),
    connections,
    exchanges,
    rssBytes,
    loopDelayMs,
  };
}
