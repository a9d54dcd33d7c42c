import type {
  FilterConfig,
  GatewayConfig,
  RouteConfig,
  StickyKey,
  UpstreamConfig,
} from '../core/snapshot.ts';
import { LIMITS } from '../core/limits.ts';
import { compileStickyKey } from './compile-rollout.ts';
import { compileUpstream } from './compile-upstream.ts';
import type { Inputs } from './inputs.ts';
import { readInput } from './inputs.ts';
import { readKeySet } from './jwks.ts';
import type { Config } from './schema.ts';

/** Name of the upstream and of the route that a candidate of plain `servers` gets. */
const ONLY_UPSTREAM = 'candidate';
const ONLY_ROUTE = 'all';

type Candidate = Config['candidate'];
type Route = NonNullable<Candidate['routes']>[number];

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
      candidate.servers === undefined ? bySpecificity((candidate.routes ?? []).map(route)) : [everything()],
    filters: Object.entries(filters).map(([name, entry]) => filter(name, entry, inputs)),
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

function route(entry: Route): RouteConfig {
  const { match, ...rest } = entry;
  const host = match.host?.toLowerCase() ?? null;
  return { ...rest, match: { host, path: match.path, methods: match.methods } };
}

/**
 * The first route that matches wins, so the most specific stands first: a host before none, then the longer
 * path, then methods before none; else the order of the file.
 */
export function bySpecificity(routes: readonly RouteConfig[]): RouteConfig[] {
  const rank = ({ match }: RouteConfig) => [
    match.host === null ? 0 : 1,
    match.path.length,
    match.methods.length === 0 ? 0 : 1,
  ];
  return routes.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)];
    const index = a.findIndex((value, position) => value !== b[position]);
    return index === -1 ? 0 : (b[index] as number) - (a[index] as number);
  });
}

function filter(name: string, entry: Config['filters'][string], inputs: Inputs): FilterConfig {
  const { jwt } = entry;
  return {
    kind: 'jwt',
    name,
    enforceAt: entry.enforceAt,
    jwks: keySet(inputs, jwt.jwks.file),
    issuer: jwt.issuer ?? null,
    audience: jwt.audience ?? null,
    algorithms: jwt.algorithms,
    clockToleranceS: Math.round(jwt.clockTolerance / 1000),
  };
}

/** Checked once before; read again here, and checked again, because the file may have changed in between. */
function keySet(inputs: Inputs, file: string): string {
  const read = readInput(inputs, file, LIMITS.jwksBytes);
  const set = read.ok ? readKeySet(read.text) : null;
  if (set?.ok === true) return set.text;
  throw new Error('a key set changed while it was read');
}
