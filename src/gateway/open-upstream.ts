import { LIMITS } from '../core/limits.ts';
import { systemRandom } from '../core/random.ts';
import type { GatewayConfig, ServerConfig, UpstreamConfig, UpstreamPolicy } from '../core/snapshot.ts';
import type { Denials } from '../telemetry/denials.ts';
import type { PoolTimeouts } from '../wire/types.ts';
import type { FilterShop } from './filters/user/shop.ts';
import { secureOrigin } from './secure-origins.ts';
import type { Log } from './secure-origins.ts';
import { authorityOf, Upstream } from './upstream.ts';
import { HealthChecks } from './upstreams/health.ts';
import type { NameKeeper } from './upstreams/names.ts';

/** What outlives every configuration of a worker. */
export interface UpstreamSurroundings {
  readonly names: NameKeeper;
  readonly log: Log;
  /** Clients that filters denied. */
  readonly denials: Denials;
  /** What filters of users need. */
  readonly shop: FilterShop;
}

/** What the rest of a configuration says about every upstream. */
type Terms = Pick<GatewayConfig, 'timeouts' | 'shadow'>;

/** Configurations that agree on this share one set of connections. */
export function sameUpstream(upstream: UpstreamConfig, { timeouts, shadow }: Terms): string {
  const { connectMs, firstByteMs, upstreamIdleMs, totalMs } = timeouts;
  const times = [connectMs, firstByteMs, upstreamIdleMs, totalMs, shadow.timeoutMs, copyConnections(shadow)];
  return JSON.stringify([upstream, times]);
}

/**
 * Everything that is open for one upstream: connections for clients, others for copies, and what is known about the
 * health of its servers. A new configuration that says the same about it goes on with it: a reload forgets no server
 * that was found to be dead, and closes no connection.
 */
export class OpenUpstream {
  readonly clients: Upstream;
  readonly copies: Upstream;
  private readonly checks: HealthChecks | null;
  private holders = 0;

  constructor(config: UpstreamConfig, { timeouts, shadow }: Terms, { names, log }: UpstreamSurroundings) {
    const { connectMs, firstByteMs, upstreamIdleMs: idleMs, totalMs } = timeouts;
    const checks = openChecks(config, log);
    const common = { names, log, checks };
    this.checks = checks;
    this.clients = new Upstream(config, {
      ...common,
      use: 'clients',
      timeouts: ownTimeouts({ connectMs, firstByteMs, idleMs, totalMs }, config.policy.timeouts),
      maxConnections: LIMITS.connectionsPerServer,
    });
    const copyMs = shadow.timeoutMs;
    this.copies = new Upstream(config, {
      ...common,
      use: 'copies',
      // A copy has one time for all, and only its connect is the server's.
      timeouts: {
        connectMs: config.policy.timeouts.connectMs ?? connectMs,
        firstByteMs: copyMs,
        idleMs: copyMs,
        totalMs: copyMs,
      },
      maxConnections: copyConnections(shadow),
    });
  }

  /** One more configuration uses it. */
  hold(): this {
    this.holders += 1;
    return this;
  }

  /** One has ended, and all exchanges that ran on it; after the last one everything is closed. */
  letGo(): void {
    this.holders -= 1;
    if (this.holders > 0) return;
    this.clients.close();
    this.copies.close();
    this.checks?.close();
  }
}

/** In reverse shadow legacy is asked by copies and by noise legs, each of which may be so many. */
function copyConnections({ maxInFlight, noiseShare }: Terms['shadow']): number {
  return noiseShare > 0 ? 2 * maxInFlight : maxInFlight;
}

function openChecks(upstream: UpstreamConfig, log: Log): HealthChecks | null {
  const { policy, hostHeader, servers } = upstream;
  if (policy.health === null) return null;
  const host = hostHeader ?? authorityOf(servers[0] as ServerConfig);
  const secureFor = (server: ServerConfig) => secureOrigin(upstream, server, log);
  return new HealthChecks(policy.health, host, systemRandom, secureFor);
}

/** The upstream's own times where it has some. */
function ownTimeouts(common: PoolTimeouts, own: UpstreamPolicy['timeouts']): PoolTimeouts {
  return {
    connectMs: own.connectMs ?? common.connectMs,
    firstByteMs: own.firstByteMs ?? common.firstByteMs,
    idleMs: own.idleMs ?? common.idleMs,
    totalMs: own.totalMs ?? common.totalMs,
  };
}
