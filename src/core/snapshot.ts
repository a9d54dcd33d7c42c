/**
 * What a worker runs on. Plain data only: a snapshot crosses the process boundary and is swapped as one
 * reference; nothing in it is ever changed in place.
 */

export type Lane = 'legacy' | 'candidate';

/** `shadow`: legacy answered the client and the copy went to the candidate; `reverse`: the other way round. */
export type Direction = 'shadow' | 'reverse';

/** The phases in their order. */
export const PHASES = ['shadow', 'canary', 'regional', 'enforce', 'retired'] as const;
export type Phase = (typeof PHASES)[number];

/** A CIDR block or single address, as text: `10.0.0.0/8`, `::1`. */
export type Cidr = string;

/** One address to listen on. */
export interface ListenerConfig {
  readonly host: string;
  /** 0 picks a free port (the same for every worker). */
  readonly port: number;
  /** Region of everything that arrives here, unless a header or a CIDR says otherwise. */
  readonly region: string | null;
}

/** One server of an upstream. */
export interface ServerConfig {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** A named group of servers. */
export interface UpstreamConfig {
  readonly name: string;
  readonly servers: readonly ServerConfig[];
  /** Sent as Host instead of the client's, or null to keep the client's. */
  readonly hostHeader: string | null;
}

/** What a request must look like for a route. */
export interface RouteMatch {
  /** Exact host without port, lower case, or null for any. */
  readonly host: string | null;
  /** Path prefix; ends with `/` unless it is one whole path segment sequence (`/api` matches `/api` and `/api/x`). */
  readonly path: string;
  /** Upper-case methods, empty for any. */
  readonly methods: readonly string[];
}

export interface RouteConfig {
  readonly name: string;
  readonly match: RouteMatch;
  /** Name of an upstream of the candidate lane. */
  readonly upstream: string;
  /** Names of filters, in their order. */
  readonly filters: readonly string[];
  /** A critical route must be proven by itself before a phase is left. */
  readonly critical: boolean;
  /** What answers when the candidate fails before its first response byte on an idempotent request. */
  readonly fallback: 'legacy' | 'none';
  /** Methods other than the safe ones that may be copied, with an idempotency-key suffix. */
  readonly copyWrites: boolean;
}

/** The seed's authentication block: a JSON web token verified against keys in a file. */
export interface JwtFilterConfig {
  readonly kind: 'jwt';
  readonly name: string;
  readonly enforceAt: 'candidate' | 'edge';
  /** Keys as a JSON Web Key Set (RFC 7517), the content of the file. */
  readonly jwks: string;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly algorithms: readonly string[];
  /** Seconds by which clocks may differ. */
  readonly clockToleranceS: number;
}

export type FilterConfig = JwtFilterConfig;

/** One rule of the canary: every part that is given must hold. */
export interface CanaryMatch {
  /** Lower-case header name and exact value, or null. */
  readonly header: readonly [name: string, value: string] | null;
  readonly cookie: readonly [name: string, value: string] | null;
  /** Lower-case host without port, or null. */
  readonly host: string | null;
  /** Client addresses, empty for any. */
  readonly from: readonly Cidr[];
}

/** What keeps a user on one side of a share. */
export type StickyKey =
  | { readonly cookie: string }
  | { readonly header: string }
  | { readonly address: true };

export interface ShadowConfig {
  /** Share of eligible requests copied while legacy answers, 0 to 1. */
  readonly sample: number;
  /** Copies a second of one node at the most, 0 for no cap; the supervisor splits it over the workers. */
  readonly maxRate: number;
  /** The cap grows linearly from zero over this time after a start. */
  readonly rampMs: number;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly maxBytes: number;
  readonly requestBodyBytes: number;
  readonly answerBytes: number;
  /** Lower-case request headers removed from the copy (credentials, say). */
  readonly stripHeaders: readonly string[];
}

/** Times after which something is given up, in milliseconds; 0 means never. */
export interface Timeouts {
  readonly headMs: number;
  readonly clientBodyIdleMs: number;
  readonly clientWriteIdleMs: number;
  readonly keepAliveIdleMs: number;
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly upstreamIdleMs: number;
  readonly totalMs: number;
  readonly drainMs: number;
}

export interface AccessLogConfig {
  readonly file: string;
  /** Share of requests written, 0 to 1; failures are always written. */
  readonly sample: number;
}

/** `cutover.yaml` after validation: everything a worker needs and nothing it does not. */
export interface GatewayConfig {
  /** SHA-256 of the canonical form of all that shapes evidence: another hash is another epoch. */
  readonly hash: string;
  readonly listeners: readonly ListenerConfig[];
  readonly nodeRegion: string;
  /** A region named by a header is believed from these addresses only. */
  readonly regionHeader: { readonly name: string; readonly from: readonly Cidr[] } | null;
  readonly regionCidrs: readonly { readonly cidr: Cidr; readonly region: string }[];
  /** Peers whose `X-Forwarded-*`, `X-Request-Id` and PROXY lines are believed. */
  readonly trustedProxies: readonly Cidr[];
  readonly legacy: UpstreamConfig;
  readonly candidate: {
    readonly upstreams: readonly UpstreamConfig[];
    readonly routes: readonly RouteConfig[];
    readonly filters: readonly FilterConfig[];
  };
  readonly stickyKey: StickyKey;
  readonly shadow: ShadowConfig;
  readonly timeouts: Timeouts;
  /** How slow a client may be while it sends a body or reads an answer; 0 bytes/s for any. */
  readonly clientPace: { readonly bytesPerSec: number; readonly graceMs: number };
  readonly requestBodyBytes: number;
  readonly maxConnections: number;
  readonly accessLog: AccessLogConfig | null;
  /** Adds `x-cutover-lane`, `x-cutover-phase` and `x-cutover-epoch` to answers. */
  readonly explainHeaders: boolean;
}

/** The part of the rollout that decides about single requests. */
export interface RolloutView {
  readonly phase: Phase;
  /** The kill switch: everything to legacy, no copies. */
  readonly bypass: boolean;
  readonly epoch: number;
  /** Share of eligible requests copied from legacy to the candidate, 0 to 1. */
  readonly sample: number;
  /** Share of what the candidate answers that is copied back to legacy, 0 to 1. */
  readonly reverseSample: number;
  readonly canary: readonly CanaryMatch[];
  /** Share of the users of a region that the candidate answers; a region that is absent has 0. */
  readonly shares: Readonly<Record<string, number>>;
  /** Salt of the sticky shares: it survives phases and epochs, so that no user flips back and forth. */
  readonly salt: number;
  /** Tail threshold per route, microseconds: legacy's p99 over earlier windows. A route that is absent has none. */
  readonly tauUs: Readonly<Record<string, number>>;
}

/** The immutable routing and rollout state a worker runs on. */
export interface Snapshot {
  /** Grows by one with every publication; workers acknowledge it. */
  readonly revision: number;
  readonly config: GatewayConfig;
  readonly rollout: RolloutView;
}

/** The route of a request that matches none. */
export const UNROUTED = '_unrouted';
