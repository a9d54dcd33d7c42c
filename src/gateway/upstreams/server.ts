// HOT: numbers that the balancer reads; nothing here is made per request.
import { hash32 } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EjectionPolicy, ServerConfig } from '../../core/snapshot.ts';
import type { Pool, PoolOptions } from '../../wire/types.ts';
import type { Choice } from './balance.ts';
import { Breaker } from './breaker.ts';
import type { ConnectCircuit } from './circuit.ts';

/** One address of an upstream: a configured server, or one of the addresses of its name. */
export interface ServerAddress {
  /** Index of the entry of `servers`. */
  readonly entry: number;
  readonly server: ServerConfig;
  /** What is connected to: an IP address, or the name itself while nothing better is known. */
  readonly host: string;
  /** Its part of the weight of its entry, 1 on average. */
  readonly weight: number;
}

/** Names an address inside its upstream. */
export function addressKey({ entry, host, server }: ServerAddress): string {
  return `${entry} ${host} ${server.port}`;
}

/** Where a pool connects to: the one place that turns an address into options of a pool. */
export function poolTarget({ host, server }: ServerAddress): Pick<PoolOptions, 'host' | 'port'> {
  return { host, port: server.port };
}

/** One server, with what is known about it. */
export class Server implements Choice {
  readonly key: string;
  readonly address: ServerAddress;
  readonly pool: Pool;
  readonly breaker: Breaker;
  readonly circuit: ConnectCircuit;
  readonly seed: number;
  /** What active health says; true while nobody asks. */
  isHealthy = true;
  share: number;
  credit = 0;
  private weight: number;
  /** Long ago: a server that never left has nothing to grow to, however young the process is. */
  private returnedMs = Number.NEGATIVE_INFINITY;

  constructor(
    address: ServerAddress,
    weight: number,
    { pool, circuit }: Pick<Server, 'pool' | 'circuit'>,
    ejection: EjectionPolicy,
  ) {
    this.key = addressKey(address);
    this.address = address;
    this.weight = weight;
    this.share = weight;
    this.pool = pool;
    this.circuit = circuit;
    this.breaker = new Breaker(ejection);
    this.seed = hash32(`${address.host}:${address.server.port}`);
  }

  /** Calls on it and waiting for it; a tunnel is one for as long as it is open. */
  get load(): number {
    const { active, waiting } = this.pool.stats;
    return active + waiting;
  }

  /** It may be given requests. */
  get isUsable(): boolean {
    return this.isHealthy && this.breaker.state === 'closed';
  }

  /** It starts slowly from now on. @param nowMs monotonic */
  returned(nowMs: number): void {
    this.returnedMs = nowMs;
    this.share = this.weight * LIMITS.slowStartLeast;
    this.credit = 0;
  }

  /** Another weight, whatever it has grown to so far. */
  reweigh(weight: number): void {
    this.share *= weight / this.weight;
    this.weight = weight;
  }

  /** Goes on with its slow start. @returns whether it goes on after this */
  grow(nowMs: number, slowStartMs: number): boolean {
    const grown = slowStartMs === 0 ? 1 : (nowMs - this.returnedMs) / slowStartMs;
    const isGrowing = grown < 1;
    this.share = this.weight * (isGrowing ? Math.max(grown, LIMITS.slowStartLeast) : 1);
    return isGrowing;
  }
}
