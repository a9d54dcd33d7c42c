import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { GatewayConfig, UpstreamConfig } from '../core/snapshot.ts';
import { RateCap } from '../shadow/rate-cap.ts';
import { ArrivalDesk } from './arrival.ts';
import { CandidateLane, LegacyLane } from './lanes.ts';
import type { LanePort } from './lanes.ts';
import type { Log } from './secure-origins.ts';
import { Router } from './router.ts';
import { Upstream } from './upstream.ts';
import type { UpstreamOptions } from './upstream.ts';

/** Both lanes over one set of pools. */
interface Lanes {
  readonly legacy: LanePort;
  readonly candidate: LanePort;
  readonly upstreams: readonly Upstream[];
}

/**
 * Everything one configuration needs at run time. It outlives the snapshot that brought it until the last exchange
 * that runs on it has ended; then its connections are closed.
 */
export class Plant {
  readonly config: GatewayConfig;
  readonly desk: ArrivalDesk;
  readonly router: Router;
  readonly rateCap: RateCap;
  /** For requests of clients, and a second set of connections for copies: neither can use up the other's. */
  readonly lanes: Lanes;
  readonly copyLanes: Lanes;
  private users = 0;
  private retired = false;

  /** @param workers of this node: the cap on copies a second is split over them */
  constructor(config: GatewayConfig, workers: number, log: Log) {
    this.config = config;
    this.desk = new ArrivalDesk(config);
    this.router = new Router(config.candidate.routes, config.candidate.filters);
    const { shadow, timeouts } = config;
    this.rateCap = new RateCap(shadow.maxRate / workers, shadow.rampMs, monotonicMs());
    const { connectMs, firstByteMs, upstreamIdleMs: idleMs, totalMs } = timeouts;
    this.lanes = openLanes(config, {
      timeouts: { connectMs, firstByteMs, idleMs, totalMs },
      maxConnections: LIMITS.connectionsPerServer,
      retry: true,
      log,
    });
    const copyMs = shadow.timeoutMs;
    this.copyLanes = openLanes(config, {
      timeouts: { connectMs, firstByteMs: copyMs, idleMs: copyMs, totalMs: copyMs },
      maxConnections: shadow.maxInFlight,
      retry: false,
      log,
    });
  }

  /** One more exchange or copy runs on it. */
  retain(): void {
    this.users += 1;
  }

  /** One has ended. */
  release(): void {
    this.users -= 1;
    this.closeIfUnused();
  }

  /** A newer configuration took over. */
  retire(): void {
    this.retired = true;
    this.closeIfUnused();
  }

  private closeIfUnused(): void {
    if (!this.retired || this.users > 0) return;
    for (const upstream of [...this.lanes.upstreams, ...this.copyLanes.upstreams]) upstream.close();
  }
}

function openLanes(config: GatewayConfig, options: UpstreamOptions): Lanes {
  const open = (upstream: UpstreamConfig) => new Upstream(upstream, options);
  const legacy = open(config.legacy);
  const named = new Map(config.candidate.upstreams.map((upstream) => [upstream.name, open(upstream)]));
  return {
    legacy: new LegacyLane(legacy),
    candidate: new CandidateLane(named),
    upstreams: [legacy, ...named.values()],
  };
}
