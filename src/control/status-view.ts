import type { GatewayConfig } from '../core/snapshot.ts';
import { addressText } from '../core/unix-address.ts';
import type { GateReport } from '../rollout/gates/types.ts';
import type { RolloutPlan, RolloutState } from '../rollout/state.ts';
import { summarise } from '../telemetry/summary.ts';
import type { Window } from '../telemetry/types.ts';
import type { Status } from './schema/status.ts';
import { buildStatus } from './status.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** What this node knows of itself. */
export interface StatusParts {
  /** When the gates were judged, which is when all of it is said. */
  readonly atMs: number;
  readonly build: string;
  readonly startedAtMs: number;
  readonly state: RolloutState;
  readonly plan: RolloutPlan;
  readonly gate: GateReport;
  readonly gateway: GatewayConfig;
  /** One per listener, as bound. */
  readonly ports: readonly number[];
  readonly revision: number;
  readonly inEffect: boolean;
  /** Everything of the current epoch, and of how many completed windows. */
  readonly total: Window | null;
  readonly windows: number;
  readonly classes: number;
  readonly lostClasses?: Status['lostClasses'];
  readonly places: readonly WorkerSlot[];
  readonly store: Status['store'];
}

/** The status of this node, now. */
export function statusOf(parts: StatusParts): Status {
  const { build, startedAtMs, state, plan, classes, store, revision, inEffect, gateway } = parts;
  return buildStatus({
    build,
    atMs: parts.atMs,
    startedAtMs,
    state,
    plan,
    gate: parts.gate,
    rules: gateway.rules ?? [],
    summary: { ...summarise(parts.total), windows: parts.windows },
    snapshot: { revision, inEffect, configHash: gateway.hash },
    classes,
    lostClasses: parts.lostClasses,
    listeners: listenersOf(parts),
    workers: parts.places.map(workerOf),
    store,
  });
}

function listenersOf({ gateway, ports }: StatusParts): Status['listeners'] {
  return gateway.listeners.map(({ host, region }, index) => ({
    address: addressText({ host, port: ports[index] ?? 0 }),
    region,
  }));
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
