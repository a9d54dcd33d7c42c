import type { Breaker } from './breaker.ts';
import type { ServerGroup } from './group.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Server } from './server.ts';

/** An upstream of one worker at this moment, for people and metrics. Counts are totals since it was configured. */
export interface UpstreamStats {
  readonly name: string;
  /** What it carries: requests of clients, or copies. */
  readonly use: 'clients' | 'copies';
  /** Too many servers are out: all that can be reached are used, whatever else is known about them. */
  readonly isPanicking: boolean;
  /** Ejections so far, also of servers that are gone. */
  readonly ejections: number;
  /** Requests made again on another server, and those that the budget had nothing left for. */
  readonly retries: number;
  readonly retriesDenied: number;
  readonly servers: readonly ServerStats[];
}

/** One server of it. */
export interface ServerStats {
  /** As it was configured, host and port. */
  readonly name: string;
  /** What is connected to: the same, or an address of the name. */
  readonly address: string;
  /** `ejected` waits for its time, `probing` has one request that decides, `unhealthy` failed the active health. */
  readonly state: 'ok' | 'ejected' | 'probing' | 'unhealthy';
  /** Calls on connections, and calls that wait for one. */
  readonly active: number;
  readonly waiting: number;
  readonly ejections: number;
}

/** Reads it. */
export function statsOf(
  name: string,
  use: UpstreamStats['use'],
  group: ServerGroup,
  budget: RetryBudget,
): UpstreamStats {
  return {
    name,
    use,
    isPanicking: group.isPanicking,
    ejections: group.ejections,
    retries: budget.spent,
    retriesDenied: budget.denied,
    servers: group.servers.map(serverStats),
  };
}

function serverStats({ address, breaker, circuit, pool, isHealthy }: Server): ServerStats {
  const { host, port } = address.server;
  return {
    name: `${host}:${port}`,
    address: address.host,
    state: stateOf(circuit.isShut ? circuit.state : breaker.state, isHealthy),
    active: pool.stats.active,
    waiting: pool.stats.waiting,
    ejections: breaker.openings + circuit.openings,
  };
}

function stateOf(state: Breaker['state'], isHealthy: boolean): ServerStats['state'] {
  if (!isHealthy) return 'unhealthy';
  if (state === 'closed') return 'ok';
  return state === 'open' ? 'ejected' : 'probing';
}
