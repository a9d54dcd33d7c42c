// HOT: a choice reads fields of the servers and allocates nothing; lists are made when a server changes its state.
import { mayBeRepeated } from '../../wire/call.ts';
import { failure } from '../../core/errors.ts';
import type { FailureCode } from '../../core/errors.ts';
import type { RandomSource } from '../../core/random.ts';
import type { EjectionPolicy, UpstreamPolicy } from '../../core/snapshot.ts';
import type { OutboundHead, Pool } from '../../wire/types.ts';
import { balancerOf } from './balance.ts';
import type { Balancer } from './balance.ts';
import { ConnectCircuit } from './circuit.ts';
import { addressKey, Server } from './server.ts';
import type { ServerAddress } from './server.ts';

export interface GroupOptions {
  readonly policy: UpstreamPolicy;
  /** Of the policy, or milder for copies. */
  readonly ejection: EjectionPolicy;
  readonly random: RandomSource;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly open: (address: ServerAddress, circuit: ConnectCircuit) => Pool;
  /** What active health says about a server. */
  readonly isHealthy: (key: string) => boolean;
}

/**
 * The servers of one upstream and which of them may be used. Ejected servers and those that failed the active health
 * are passed over, unless that would be too many: then all that can be reached are used (panic), because so many bad
 * servers are rather one bad judgement. A server that cannot be reached is no matter of judgement and does not count.
 */
export class ServerGroup {
  /** The one server there is, or null: then a call needs no choice and no second try. */
  only: Server | null = null;
  isPanicking = false;
  /** The server that was given last was given for a probe. */
  isProbe = false;
  /** Also of servers that are gone. */
  ejections = 0;
  private readonly options: GroupOptions;
  private readonly balancer: Balancer;
  private present: Server[] = [];
  private usable: readonly Server[] = [];
  /** Some server is open or half open. */
  private isAnyOpen = false;
  private isAnyGrowing = false;

  constructor(options: GroupOptions) {
    this.options = options;
    this.balancer = balancerOf(options.policy, options.random);
  }

  get servers(): readonly Server[] {
    return this.present;
  }

  /** Replaces the servers. Those that stay keep what is known about them; those that go finish their calls. */
  setServers(addresses: readonly ServerAddress[]): void {
    const { ejection, policy } = this.options;
    const isFirst = this.present.length === 0;
    const old = new Map(this.present.map((server) => [server.key, server]));
    this.present = addresses.map((address) => {
      const key = addressKey(address);
      const known = old.get(key);
      old.delete(key);
      const weight = (policy.weights[address.entry] ?? 1) * address.weight;
      known?.reweigh(weight);
      if (known !== undefined) return known;
      const server = new Server(address, weight, this.openPool(address), ejection);
      if (!isFirst) this.startSlowly(server);
      return server;
    });
    for (const gone of old.values()) gone.pool.close();
    this.only = this.present.length === 1 ? (this.present[0] as Server) : null;
    for (const { circuit } of this.present) circuit.isAlone = this.only !== null;
    this.followHealth();
  }

  private openPool(address: ServerAddress): Pick<Server, 'pool' | 'circuit'> {
    const { ejection, clock, open } = this.options;
    const circuit = new ConnectCircuit(ejection, clock, () => (this.ejections += 1));
    return { circuit, pool: open(address, circuit) };
  }

  /** Reads what active health says. */
  followHealth(): void {
    for (const server of this.present) {
      const isHealthy = this.options.isHealthy(server.key);
      if (isHealthy && !server.isHealthy) this.startSlowly(server);
      server.isHealthy = isHealthy;
    }
    this.refresh();
  }

  private startSlowly(server: Server): void {
    if (this.options.policy.slowStartMs === 0) return;
    server.returned(this.options.clock());
    this.isAnyGrowing = true;
  }

  private refresh(): void {
    const { present } = this;
    const reachable = present.filter(({ breaker }) => breaker.state === 'closed' || !breaker.isUnreachable);
    const good = reachable.filter((server) => server.isUsable);
    this.isAnyOpen = present.some(({ breaker }) => breaker.state !== 'closed');
    this.isPanicking = good.length === 0 || reachable.length - good.length > this.mostOut();
    const all = reachable.length > 0 ? reachable : present;
    this.usable = this.isPanicking ? all : good;
  }

  /** Servers that may be out for what they answer. */
  private mostOut(): number {
    const { length } = this.present;
    return Math.min(Math.floor(length * this.options.ejection.maxShare), length - 1);
  }

  /** The server for a request: one whose probe is due, and the request is that probe; else the balancer's. */
  pick(head: OutboundHead): Server {
    if (this.isAnyGrowing) this.grow();
    const due = this.isAnyOpen ? this.dueForProbe(head) : null;
    return due === null ? this.chosen(this.usable, head) : this.probed(due);
  }

  private chosen(servers: readonly Server[], head: OutboundHead): Server {
    this.isProbe = false;
    return this.balancer.pick(servers, head.fields);
  }

  private probed(server: Server): Server {
    this.isProbe = true;
    server.breaker.probe();
    return server;
  }

  private grow(): void {
    const nowMs = this.options.clock();
    this.isAnyGrowing = false;
    for (const server of this.present) {
      if (server.grow(nowMs, this.options.policy.slowStartMs)) this.isAnyGrowing = true;
    }
  }

  private dueForProbe(head: OutboundHead): Server | null {
    const nowMs = this.options.clock();
    const isRepeatable = mayBeRepeated(head);
    for (const server of this.present) {
      if (server.isHealthy && server.breaker.isDue(nowMs, isRepeatable)) return server;
    }
    return null;
  }

  /** Whether {@link another} will find one. */
  hasAnother(tried: readonly Server[]): boolean {
    return this.present.some(
      (server) =>
        !tried.includes(server) && (this.usable.includes(server) || server.breaker.state === 'open'),
    );
  }

  /**
   * Another server for a request whose tries on these failed. When all that may be used were tried, an ejected one is
   * probed before its time: the request has nothing to lose. Null when there is none left.
   */
  another(head: OutboundHead, tried: readonly Server[]): Server | null {
    const rest = this.usable.filter((server) => !tried.includes(server));
    if (rest.length > 0) return this.chosen(rest, head);
    const ejected = this.present.find((server) => server.breaker.state === 'open' && !tried.includes(server));
    return ejected === undefined ? null : this.probed(ejected);
  }

  /** A call that began while the server was out, and succeeded: it is back. */
  close(server: Server): void {
    if (server.breaker.state === 'closed') return;
    server.breaker.close(this.options.clock());
    this.startSlowly(server);
    this.refresh();
  }

  /**
   * A call failed, and it was the server's fault.
   * @param begun state of the breaker when the call began
   */
  failed(server: Server, isUnreachable: boolean, begun: 'closed' | 'open' | 'probe'): void {
    const { breaker } = server;
    const nowMs = this.options.clock();
    if (begun === 'open' || (begun === 'closed' && breaker.state !== 'closed')) return;
    if (begun === 'closed') {
      const tooMany = breaker.failed(isUnreachable, nowMs);
      if (!tooMany || !this.mayEject(isUnreachable)) return;
    }
    breaker.open(isUnreachable, nowMs);
    this.ejections += 1;
    this.refresh();
  }

  private mayEject(isUnreachable: boolean): boolean {
    if (isUnreachable) return true;
    const out = this.present.filter((server) => !server.isUsable && !server.breaker.isUnreachable);
    return out.length < this.mostOut();
  }

  /** Finishes the calls that run, and takes no more. */
  shutDown(): void {
    for (const server of this.present) server.pool.close();
  }
}

/** Failures that say something about the server. */
export function isServerFault(code: FailureCode): boolean {
  return failure(code).blame === 'lane';
}
