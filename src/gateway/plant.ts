import { Identity } from '../auth/identity.ts';
import { monotonicMs } from '../core/clock.ts';
import type { GatewayConfig, RouteConfig, UpstreamConfig } from '../core/snapshot.ts';
import type { FilterConfig } from '../core/filter-config.ts';
import { RateCap } from '../shadow/rate-cap.ts';
import type { UpstreamLevel } from '../telemetry/types.ts';
import { ArrivalDesk } from './arrival.ts';
import { createFilter } from './filters/order.ts';
import type { DenialListener } from './filters/types.ts';
import { CandidateLane, LegacyLane } from './lanes.ts';
import type { LanePort } from './lanes.ts';
import { OpenUpstream, sameUpstream } from './open-upstream.ts';
import type { UpstreamSurroundings } from './open-upstream.ts';
import { Router } from './router.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamStats } from './upstreams/stats.ts';

/** Both lanes over one set of pools. */
interface Lanes {
  readonly legacy: LanePort;
  readonly candidate: LanePort;
}

/** What noise legs ask has a name of its own among the upstreams of the lane. */
const SECOND_LEGACY = 'legacy-again';

/** An upstream of one lane. */
interface Placed {
  readonly lane: UpstreamLevel['lane'];
  readonly name: string;
  readonly open: OpenUpstream;
}

/**
 * Everything one configuration needs at run time. It outlives the snapshot that brought it until the last exchange
 * that runs on it has ended; then its connections are closed, but for those that its successor took over.
 */
export class Plant {
  readonly config: GatewayConfig;
  readonly desk: ArrivalDesk;
  /** Keys of issuers and tokens that were verified. */
  readonly identity: Identity;
  /** Request fields (lower case) that only filters set: nobody else's go on. */
  readonly claimFields: readonly string[];
  readonly router: Router;
  readonly rateCap: RateCap;
  /** For requests of clients, and a second set of connections for copies: neither can use up the other's. */
  readonly lanes: Lanes;
  readonly copyLanes: Lanes;
  /** What noise legs ask: the connections for copies of legacy, or of its second instance. */
  readonly secondLegacy: LanePort;
  /** By what is said about them. */
  private readonly placed: ReadonlyMap<string, Placed>;
  private users = 0;
  private retired = false;
  private closed = false;

  /**
   * @param workers of this node: the cap on copies a second is split over them
   * @param before the plant that this one replaces: what is said again is taken over
   */
  constructor(
    config: GatewayConfig,
    workers: number,
    surroundings: UpstreamSurroundings,
    before: Plant | null,
  ) {
    this.config = config;
    this.desk = new ArrivalDesk(config);
    const { routes, filters } = config.candidate;
    this.identity = new Identity(filters, before?.identity ?? null, surroundings.log);
    this.claimFields = claimFieldsOf(filters);
    this.router = this.routerOf(routes, filters, surroundings);
    const { shadow, legacy, secondLegacy, candidate } = config;
    this.rateCap = new RateCap(shadow.maxRate / workers, shadow.rampMs, monotonicMs());
    const place = (lane: Placed['lane'], upstream: UpstreamConfig): [string, Placed] => {
      const key = `${lane} ${sameUpstream(upstream, config)}`;
      const open = before?.placed.get(key)?.open ?? new OpenUpstream(upstream, config, surroundings);
      return [key, { lane, name: upstream.name, open: open.hold() }];
    };
    this.placed = new Map([
      place('legacy', legacy),
      ...(secondLegacy === null ? [] : [place('legacy', { ...secondLegacy, name: SECOND_LEGACY })]),
      ...candidate.upstreams.map((upstream) => place('candidate', upstream)),
    ]);
    this.lanes = lanesOf([...this.placed.values()], 'clients');
    this.copyLanes = lanesOf([...this.placed.values()], 'copies');
    const second = [...this.placed.values()].find(({ name }) => name === SECOND_LEGACY);
    this.secondLegacy = second === undefined ? this.copyLanes.legacy : new LegacyLane(second.open.copies);
  }

  private routerOf(
    routes: readonly RouteConfig[],
    filters: readonly FilterConfig[],
    { denials, shop }: UpstreamSurroundings,
  ): Router {
    const onDenied: DenialListener = (by, reason, address) => denials.note(by, reason, address, '');
    const needs = { identity: this.identity, onDenied, shop };
    try {
      return new Router(routes, filters, (filter) => createFilter(filter, needs));
    } catch (thrown) {
      // This plant will never run: nobody else would let go of its keys.
      this.identity.letGo();
      throw thrown;
    }
  }

  /** Connections to each upstream of each lane, at this moment. */
  levels(): UpstreamLevel[] {
    const of = (use: UpstreamLevel['use']): UpstreamLevel[] =>
      [...this.placed.values()].map(({ lane, name: upstream, open }) => ({
        lane,
        upstream,
        use,
        ...open[use].levels(),
      }));
    return [...of('clients'), ...of('copies')];
  }

  /** Every upstream at this moment, those of clients first. */
  stats(): UpstreamStats[] {
    const all = [...this.placed.values()];
    return [...all.map(({ open }) => open.clients.stats()), ...all.map(({ open }) => open.copies.stats())];
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
    if (!this.retired || this.users > 0 || this.closed) return;
    this.closed = true;
    for (const { open } of this.placed.values()) open.letGo();
    this.identity.letGo();
  }
}

function claimFieldsOf(filters: readonly FilterConfig[]): string[] {
  const told = filters.flatMap((filter) => (filter.kind === 'jwt' ? filter.forward : []));
  return [...new Set(told.map(({ header }) => header.toLowerCase()))];
}

function lanesOf(placed: readonly Placed[], use: UpstreamLevel['use']): Lanes {
  const legacy = placed.find(({ lane, name }) => lane === 'legacy' && name !== SECOND_LEGACY) as Placed;
  const named = placed.filter(({ lane }) => lane === 'candidate');
  const byName = new Map<string, Upstream>(named.map(({ name, open }) => [name, open[use]]));
  return { legacy: new LegacyLane(legacy.open[use]), candidate: new CandidateLane(byName) };
}
