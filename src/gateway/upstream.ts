// HOT: one call per request; a single server costs nothing beyond its pool.
import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import { systemRandom } from '../core/random.ts';
import type { RandomSource } from '../core/random.ts';
import { serviceDomain, serviceName } from '../core/service-name.ts';
import type { EjectionPolicy, ServerConfig, UpstreamConfig } from '../core/snapshot.ts';
import { addressText, unixPath } from '../core/unix-address.ts';
import type { UpstreamLevel } from '../telemetry/types.ts';
import { createPool } from '../wire/pool.ts';
import type { Outbound, OutboundHandler, OutboundHead, Pool, PoolTimeouts } from '../wire/types.ts';
import { secureOrigin } from './secure-origins.ts';
import type { Log } from './secure-origins.ts';
import { AddressList } from './upstreams/addresses.ts';
import { UpstreamCall } from './upstreams/call.ts';
import type { CallPlan } from './upstreams/call.ts';
import type { ConnectCircuit } from './upstreams/circuit.ts';
import { ServerGroup } from './upstreams/group.ts';
import type { HealthChecks } from './upstreams/health.ts';
import type { NameKeeper } from './upstreams/names.ts';
import { RetryBudget } from './upstreams/retry-budget.ts';
import { poolTarget } from './upstreams/server.ts';
import type { Server, ServerAddress } from './upstreams/server.ts';
import { statsOf } from './upstreams/stats.ts';
import type { UpstreamStats } from './upstreams/stats.ts';

/** How an upstream is used, and what it shares with others. */
export interface UpstreamOptions {
  /**
   * Copies are evidence: they are never tried again, and a server is passed over only for a moment after it could
   * not be reached, never for what it answers. What the candidate does wrong must be seen.
   */
  readonly use: 'clients' | 'copies';
  readonly timeouts: PoolTimeouts;
  /** Open connections to one server. */
  readonly maxConnections: number;
  readonly names: NameKeeper;
  /** Active health, if it is configured; shared with the other use of the same servers. */
  readonly checks?: HealthChecks | null;
  readonly random?: RandomSource;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  readonly log?: Log | undefined;
}

/** A group of servers: choice, tries, health. */
export class Upstream {
  readonly name: string;
  /** Sent as Host instead of the client's, or null. */
  readonly hostHeader: string | null;
  /** `host:port` of the first server. */
  readonly authority: string;
  private readonly use: UpstreamOptions['use'];
  private readonly group: ServerGroup;
  private readonly plan: CallPlan;
  private readonly addresses: AddressList;

  constructor(config: UpstreamConfig, options: UpstreamOptions) {
    const { name, policy, hostHeader, servers } = config;
    const { use, names, checks, random = systemRandom, clock = monotonicMs } = options;
    this.name = name;
    this.hostHeader = hostHeader;
    this.authority = authorityOf(servers[0] as ServerConfig);
    this.use = use;
    const ejection = use === 'clients' ? policy.ejection : forCopies(policy.ejection);
    const open = (address: ServerAddress, gate: ConnectCircuit) => openPool(config, address, gate, options);
    const isHealthy = (key: string) => checks?.isHealthy(key) ?? true;
    this.group = new ServerGroup({ policy, ejection, random, clock, open, isHealthy });
    const budget = new RetryBudget(policy.retries.budget, clock());
    const tries = use === 'clients' ? policy.retries.tries : 1;
    this.plan = { group: this.group, budget, tries, clock, totalMs: options.timeouts.totalMs };
    this.addresses = new AddressList(servers, names, (addresses) => {
      if (use === 'clients') checks?.setServers(addresses);
      this.group.setServers(addresses);
    });
    checks?.onChange(() => this.group.followHealth());
  }

  /** Starts a call on one server; see {@link UpstreamCall} for what happens when there are several. */
  call(head: OutboundHead, handler: OutboundHandler): Outbound {
    const { only } = this.group;
    return only === null ? new UpstreamCall(this.plan, head, handler) : only.pool.call(head, handler);
  }

  stats(): UpstreamStats {
    return statsOf(this.name, this.use, this.group, this.plan.budget);
  }

  /** Connections of all its servers, calls that wait for one, and what was done about servers that fail. */
  levels(): Omit<UpstreamLevel, 'lane' | 'upstream' | 'use'> {
    const { servers, ejections } = this.group;
    const { budget } = this.plan;
    const sum = (pick: (server: Server) => number) => servers.reduce((total, one) => total + pick(one), 0);
    return {
      open: sum(({ pool }) => pool.stats.open),
      active: sum(({ pool }) => pool.stats.active),
      waiting: sum(({ pool }) => pool.stats.waiting),
      servers: servers.length,
      serversOut: sum((server) => (server.isUsable && !server.circuit.isShut ? 0 : 1)),
      ejections,
      retries: budget.spent,
      retriesDenied: budget.denied,
    };
  }

  /** Calls that run are finished; no further one may be made. */
  close(): void {
    this.addresses.close();
    this.group.shutDown();
  }
}

/** `host:port` as it stands in a Host field; a unix socket has none, and of a service only the domain is known. */
export function authorityOf(server: ServerConfig): string {
  const service = serviceName(server.host);
  if (service !== null) return serviceDomain(service);
  return unixPath(server.host) === null ? addressText(server) : 'localhost';
}

function openPool(
  config: UpstreamConfig,
  address: ServerAddress,
  gate: ConnectCircuit,
  options: UpstreamOptions,
): Pool {
  const { timeouts, maxConnections, use, log = () => undefined } = options;
  return createPool({
    ...poolTarget(address),
    secure: secureOrigin(config, address.server, log),
    timeouts,
    maxConnections,
    maxWaiting: LIMITS.waitingPerServer,
    maxTunnels: LIMITS.tunnelsPerServer,
    gate,
    retry: use === 'clients',
  });
}

/** Only who can not be reached is passed over, and each time for the same moment; the only server, never. */
function forCopies(policy: EjectionPolicy): EjectionPolicy {
  const timeMs = LIMITS.ejectionTimeMs;
  return { ...policy, failures: Infinity, share: Infinity, timeMs, maxTimeMs: timeMs };
}
