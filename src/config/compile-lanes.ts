import { inOrder } from '../core/route-order.ts';
import type { GatewayConfig, RouteConfig, StickyKey, UpstreamConfig } from '../core/snapshot.ts';
import { compileFilter } from './compile-filters.ts';
import { compileStickyKey } from './compile-rollout.ts';
import { compileRoute } from './compile-routes.ts';
import { compileUpstream } from './compile-upstream.ts';
import type { Inputs } from './inputs.ts';
import type { Config } from './schema.ts';

/** Name of the upstream and of the route that a candidate of plain `servers` gets. */
const ONLY_UPSTREAM = 'candidate';
const ONLY_ROUTE = 'all';

type Candidate = Config['candidate'];

export function compileLegacy({ legacy, rollout }: Config, inputs: Inputs): UpstreamConfig {
  return compileUpstream('legacy', legacy, compileStickyKey(rollout.stickyKey), inputs);
}

/** The second instance of legacy that noise legs ask, or null: everything but its servers is as for legacy itself. */
export function compileSecondLegacy({ legacy, rollout }: Config, inputs: Inputs): UpstreamConfig | null {
  const { noise } = rollout.shadow;
  if (noise?.servers === undefined || noise.share === 0) return null;
  const second = { ...legacy, weights: [], servers: noise.servers };
  return compileUpstream('legacy-again', second, compileStickyKey(rollout.stickyKey), inputs);
}

export function compileCandidate(config: Config, inputs: Inputs): GatewayConfig['candidate'] {
  const { candidate, filters, rollout } = config;
  return {
    upstreams: compileUpstreams(candidate, compileStickyKey(rollout.stickyKey), inputs),
    routes:
      candidate.servers === undefined ? inOrder((candidate.routes ?? []).map(compileRoute)) : [everything()],
    filters: Object.entries(filters).map(([name, entry]) => compileFilter(name, entry, inputs)),
  };
}

function compileUpstreams(candidate: Candidate, stickyKey: StickyKey, inputs: Inputs): UpstreamConfig[] {
  const { servers, upstreams = {} } = candidate;
  if (servers !== undefined)
    return [compileUpstream(ONLY_UPSTREAM, { ...candidate, servers }, stickyKey, inputs)];
  return Object.entries(upstreams).map(([name, entry]) => compileUpstream(name, entry, stickyKey, inputs));
}

function everything(): RouteConfig {
  return {
    name: ONLY_ROUTE,
    match: { host: null, path: '/', methods: [] },
    upstream: ONLY_UPSTREAM,
    filters: [],
    critical: false,
    fallback: 'none',
    copyWrites: false,
  };
}
