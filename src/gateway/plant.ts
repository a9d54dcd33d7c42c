import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import { systemRandom } from '../core/random.ts';
import type { GatewayConfig, ServerConfig, UpstreamConfig, UpstreamPolicy } from '../core/snapshot.ts';
import { RateCap } from '../shadow/rate-cap.ts';
import type { UpstreamLevel } from '../telemetry/types.ts';
import { ArrivalDesk } from './arrival.ts';
import { CandidateLane, LegacyLane } from './lanes.ts';
import type { LanePort } from './lanes.ts';
import { secureOrigin } from './secure-origins.ts';
import type { Log } from './secure-origins.ts';
import { Router } from './router.ts';
import type { PoolTimeouts } from '../wire/types.ts';
import { authorityOf, Upstream } from './upstream.ts';
import type { UpstreamOptions } from './upstream.ts';
import { HealthChecks } from './upstreams/health.ts';
import type { NameKeeper } from './upstreams/names.ts';
import type { UpstreamStats } from './upstreams/stats.ts';

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
  private readonly checks: ReadonlyMap<string, HealthChecks>;
  private users = 0;
  private retired = false;

  /**
   * @param workers of this node: the cap on copies a second is split over them
   * @param names of this worker, which outlive the plant
   */
  constructor(config: GatewayConfig, workers: number, names: NameKeeper, log: Log) {
    this.config = config;
    this.desk = new ArrivalDesk(config);
    this.router = new Router(config.candidate.routes, config.candidate.filters);
    const { shadow, timeouts } = config;
    this.rateCap = new RateCap(shadow.maxRate / workers, shadow.rampMs, monotonicMs());
    const { connectMs, firstByteMs, upstreamIdleMs: idleMs, totalMs } = timeouts;
    this.checks = openChecks(config, log);
    this.lanes = openLanes(config, this.checks, {
      use: 'clients',
      timeouts: { connectMs, firstByteMs, idleMs, totalMs },
      maxConnections: LIMITS.connectionsPerServer,
      names,
      log,
    });
    const copyMs = shadow.timeoutMs;
    this.copyLanes = openLanes(config, this.checks, {
      use: 'copies',
      timeouts: { connectMs, firstByteMs: copyMs, idleMs: copyMs, totalMs: copyMs },
      maxConnections: shadow.maxInFlight,
      names,
      log,
    });
  }

  /** Connections to each upstream of each lane, at this moment. */
  levels(): UpstreamLevel[] {
    const { legacy, candidate } = this.config;
    const names = [legacy, ...candidate.upstreams].map(({ name }) => name);
    const of = (lanes: Lanes, use: UpstreamLevel['use']): UpstreamLevel[] =>
      lanes.upstreams.map((upstream, index) => {
        const lane = index === 0 ? 'legacy' : 'candidate';
        return { lane, upstream: names[index] ?? '', use, ...upstream.levels() };
      });
    return [...of(this.lanes, 'clients'), ...of(this.copyLanes, 'copies')];
  }

  /** Every upstream at this moment, those of clients first. */
  stats(): UpstreamStats[] {
    return this.upstreams().map((upstream) => upstream.stats());
  }

  private upstreams(): Upstream[] {
    return [...this.lanes.upstreams, ...this.copyLanes.upstreams];
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
    for (const upstream of this.upstreams()) upstream.close();
    for (const checks of this.checks.values()) checks.close();
  }
}

/** Separate keys, since an upstream of the candidate may be called "legacy". */
const LEGACY = 'legacy';
const keyOf = (upstream: UpstreamConfig) => `candidate ${upstream.name}`;

function openChecks({ legacy, candidate }: GatewayConfig, log: Log): ReadonlyMap<string, HealthChecks> {
  const keyed = candidate.upstreams.map((upstream) => [keyOf(upstream), upstream] as const);
  return new Map(
    [[LEGACY, legacy] as const, ...keyed].flatMap(([key, upstream]) => {
      const { policy, hostHeader, servers } = upstream;
      const host = hostHeader ?? authorityOf(servers[0] as ServerConfig);
      const secureFor = (server: ServerConfig) => secureOrigin(upstream, server, log);
      if (policy.health === null) return [];
      return [[key, new HealthChecks(policy.health, host, systemRandom, secureFor)]];
    }),
  );
}

function openLanes(
  config: GatewayConfig,
  checks: ReadonlyMap<string, HealthChecks>,
  options: UpstreamOptions,
): Lanes {
  const open = (upstream: UpstreamConfig, key: string) =>
    new Upstream(upstream, {
      ...options,
      checks: checks.get(key) ?? null,
      timeouts: ownTimeouts(options, upstream.policy.timeouts),
    });
  const legacy = open(config.legacy, LEGACY);
  const named = new Map(
    config.candidate.upstreams.map((upstream) => [upstream.name, open(upstream, keyOf(upstream))]),
  );
  return {
    legacy: new LegacyLane(legacy),
    candidate: new CandidateLane(named),
    upstreams: [legacy, ...named.values()],
  };
}

/** The upstream's own times where it has some. A copy has one time for all, and only its connect is the server's. */
function ownTimeouts({ timeouts, use }: UpstreamOptions, own: UpstreamPolicy['timeouts']): PoolTimeouts {
  const connectMs = own.connectMs ?? timeouts.connectMs;
  if (use === 'copies') return { ...timeouts, connectMs };
  return {
    connectMs,
    firstByteMs: own.firstByteMs ?? timeouts.firstByteMs,
    idleMs: own.idleMs ?? timeouts.idleMs,
    totalMs: own.totalMs ?? timeouts.totalMs,
  };
}
