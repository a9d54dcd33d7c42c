/**
 * What a worker runs on. Plain data only: a snapshot crosses the process boundary and is swapped as one
 * reference; nothing in it is ever changed in place.
 */

import type { FilterConfig } from './filter-config.ts';
import type { DifferenceRule } from './rules.ts';

export type Lane = 'legacy' | 'candidate';

/** `shadow`: legacy answered the client and the copy went to the candidate; `reverse`: the other way round. */
export type Direction = 'shadow' | 'reverse';

/** The phases in their order. */
export const PHASES = ['shadow', 'canary', 'regional', 'enforce', 'retired'] as const;
export type Phase = (typeof PHASES)[number];

/** A CIDR block or single address, as text: `10.0.0.0/8`, `::1`. */
export type Cidr = string;

/** Certificate chain and private key, as PEM, with what holds for the names that get it. The key is a secret. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
  /** Lower-case names, `*.example.org` among them. */
  readonly names?: readonly string[];
  /** Absent: nobody is asked for a certificate. */
  readonly client?: ClientAuth;
}

/** The certificates of a listener; its own is for every name that has no other. */
export interface ListenerTls extends TlsCertificate {
  readonly certificates?: readonly TlsCertificate[];
  /** What may be spoken (RFC 7301), the preferred first; absent: HTTP/1.1. */
  readonly alpn?: readonly ('h2' | 'http/1.1')[];
  /** A name without a certificate is refused, instead of getting the listener's own. */
  readonly refusesUnknown?: boolean;
  /** What servers are told about a client with a certificate (XFCC), in the order of Envoy; absent: nothing. */
  readonly forwards?: readonly ForwardedKey[];
}

export const FORWARDED_KEYS = ['by', 'hash', 'subject', 'uri', 'dns'] as const;
export type ForwardedKey = (typeof FORWARDED_KEYS)[number];

/** How clients prove who they are: OpenSSL verifies the chain, and what follows is asked of what it found. */
export interface ClientAuth {
  readonly mode: 'optional' | 'required';
  /** Authorities (PEM), those of every trust domain among them. */
  readonly ca: string;
  /** Lists of revoked certificates (PEM), or null. */
  readonly crl: string | null;
  /** What a list that is past its next update means: nobody gets in, or whoever is not in it. */
  readonly crlFailure: 'closed' | 'open';
  readonly policy: ClientPolicy;
}

/** What the certificate of a client has to be, beside being valid. */
export interface ClientPolicy {
  /** One of these has to be among its alternative names; empty: any. */
  readonly names: readonly NameRule[];
  /** SPIFFE: a client is of the domain whose authorities (PEM) have made it; empty: no such identity is asked for. */
  readonly trustDomains: readonly { readonly name: string; readonly ca: string }[];
  /** SHA-256 of public keys (SPKI), base64; empty: any. */
  readonly pins: readonly string[];
  /** Authorities above it, the root included; 0: any number. */
  readonly maxDepth: number;
  readonly minRsaBits: number;
  readonly minEcBits: number;
  /** From the first to the last day; 0: any. */
  readonly maxLifetimeMs: number;
}

/** A name that is let in: exactly, or any that begins (URIs) or ends (DNS, e-mail) so. */
export interface NameRule {
  readonly type: 'uri' | 'dns' | 'email';
  readonly match: 'exact' | 'prefix' | 'suffix';
  readonly value: string;
}

/** One address to listen on. */
export interface ListenerConfig {
  /** An address, or a unix socket: `unix:/run/cutover.sock` with port 0. */
  readonly host: string;
  /** 0 picks a free port (the same for every worker). */
  readonly port: number;
  /** Region of everything that arrives here, unless a header or a CIDR says otherwise. */
  readonly region: string | null;
  /** Absent: plain HTTP. */
  readonly tls?: ListenerTls;
  /** Every connection begins with a PROXY header, and only trusted proxies may connect. */
  readonly proxyProtocol?: boolean;
  /** NGINX mirrors requests here: each is answered 204 at once, and both lanes are asked afterwards. */
  readonly mirror?: boolean;
}

/** One server of an upstream. */
export interface ServerConfig {
  readonly scheme: 'http' | 'https';
  /** A name, an address, or a unix socket: `unix:/run/app.sock` with port 0. */
  readonly host: string;
  readonly port: number;
}

/** A named group of servers. */
export interface UpstreamConfig {
  readonly name: string;
  readonly servers: readonly ServerConfig[];
  /** Sent as Host instead of the client's, or null to keep the client's. */
  readonly hostHeader: string | null;
  readonly policy: UpstreamPolicy;
  /** How HTTPS servers prove who they are; absent: by the system's authorities and their own host. */
  readonly tls?: UpstreamTls;
}

/** How the servers of an upstream are chosen and judged. */
export interface UpstreamPolicy {
  readonly balance: 'round-robin' | 'least-request' | 'hash';
  /** What `hash` keeps on one server; the client address where a request has no such value. */
  readonly hashKey: StickyKey;
  /** One per entry of `servers`, or empty: all the same. Each address of a name has the weight of its entry. */
  readonly weights: readonly number[];
  readonly retries: RetryPolicy;
  readonly ejection: EjectionPolicy;
  readonly health: HealthPolicy | null;
  /** A server that returned grows to its full share over this time; 0 gives it at once. */
  readonly slowStartMs: number;
  /** Instead of the gateway's own, milliseconds; null keeps that one. Copies take `connectMs` only. */
  readonly timeouts: {
    readonly connectMs: number | null;
    readonly firstByteMs: number | null;
    readonly idleMs: number | null;
    readonly totalMs: number | null;
  };
}

/** When a request of a client is made again on another server. */
export interface RetryPolicy {
  /** Share of the recent requests that may be, 0 to 1; 0 is never. */
  readonly budget: number;
  /** Tries of one request, the first one included. */
  readonly tries: number;
}

/** When a server gets no requests for a while because of its failures. */
export interface EjectionPolicy {
  /** Failures in a row. */
  readonly failures: number;
  /** Share of failures among the calls of ten seconds, 0 to 1. */
  readonly share: number;
  /** The first time; each further one is twice as long, up to `maxTimeMs`. */
  readonly timeMs: number;
  readonly maxTimeMs: number;
  /** Share of the servers that may be out for what they answered, 0 to 1; never all of them. */
  readonly maxShare: number;
}

/** Asks each server whether it is well. */
export interface HealthPolicy {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Answers in a row after which a server is taken back, and out. */
  readonly healthy: number;
  readonly unhealthy: number;
}

/** How the HTTPS servers of an upstream prove who they are. */
export interface UpstreamTls {
  /** Certificates (PEM) that are trusted instead of the system's, or null. */
  readonly ca: string | null;
  /** The name that is asked for and that the certificate must have; null for the server's host. */
  readonly serverName: string | null;
}

/** A field that a request must have: a header by its lower-case name, or a parameter of its query, decoded once. */
export interface FieldMatch {
  readonly name: string;
  /** The exact value that one of its fields must have; null: any. */
  readonly value: string | null;
}

/** How the path of a route is read; `prefix` when it is left out. */
export type PathKind = 'prefix' | 'exact' | 'template' | 'regex';

/** What a request must look like for a route. */
export interface RouteMatch {
  /** Host without port in lower case; `*.example.com` for every host below that name; null for any. */
  readonly host: string | null;
  readonly pathKind?: PathKind | undefined;
  /**
   * A prefix ends with `/` unless it is one whole path segment sequence (`/api` matches `/api` and `/api/x`). In a
   * template `{name}` stands for one segment that is not empty. An expression stands for the whole path.
   */
  readonly path: string;
  /** Upper-case methods, empty for any. */
  readonly methods: readonly string[];
  /** All of them must be there. */
  readonly headers?: readonly FieldMatch[] | undefined;
  readonly query?: readonly FieldMatch[] | undefined;
}

/** One upstream of a route and its part of the requests. */
export interface WeightedUpstream {
  readonly name: string;
  readonly weight: number;
}

export interface RouteConfig {
  readonly name: string;
  readonly match: RouteMatch;
  /** Name of an upstream of the candidate lane; of several the first, '' where the route redirects. */
  readonly upstream: string;
  /** Several of them by their weights, at least one above 0. */
  readonly upstreams?: readonly WeightedUpstream[] | undefined;
  /** The candidate's server gets this in the place of the path of the match. */
  readonly rewrite?: { readonly prefix: string } | undefined;
  /** The candidate lane answers with this instead of asking a server. */
  readonly redirect?: { readonly prefix: string; readonly status: number } | undefined;
  /** Names of filters, in their order. */
  readonly filters: readonly string[];
  /** A critical route must be proven by itself before a phase is left. */
  readonly critical: boolean;
  /** What answers when the candidate fails before its first response byte on an idempotent request. */
  readonly fallback: 'legacy' | 'none';
  /** Methods other than the safe ones that may be copied, with an idempotency-key suffix. */
  readonly copyWrites: boolean;
  /** Path templates of its endpoints, `/users/{name}`; what they do not name is learned. */
  readonly endpoints?: readonly string[] | undefined;
}

/** One rule of the canary: every part that is given must hold. */
export interface CanaryMatch {
  /** Lower-case header name and exact value, or null. */
  readonly header: readonly [name: string, value: string] | null;
  readonly cookie: readonly [name: string, value: string] | null;
  /** Lower-case host without port, or null. */
  readonly host: string | null;
  /** Client addresses, empty for any. */
  readonly from: readonly Cidr[];
  /** A claim of a verified token, and its value or one of its elements; absent for any. */
  readonly claim?: readonly [name: string, value: string];
}

/** What keeps a user on one side of a share. */
export type StickyKey =
  | { readonly cookie: string }
  | { readonly header: string }
  /** A claim of the token that an edge filter verified. */
  | { readonly claim: string }
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
  /** Request headers that the copy has instead of the client's, after those were stripped. */
  readonly setHeaders: readonly { readonly name: string; readonly value: string }[];
  /** Share of the copies whose request legacy is asked again (the noise leg), 0 to 1; only reads are. */
  readonly noiseShare: number;
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
  /** Silence of both directions of a tunnel, after a 101. */
  readonly tunnelIdleMs: number;
  readonly drainMs: number;
}

export interface AccessLogConfig {
  readonly file: string;
  /** Share of requests written, 0 to 1; failures are always written. */
  readonly sample: number;
  /** Null: something else rotates the file, or nothing does. */
  readonly rotate: AccessLogRotation | null;
}

/** When the access log is moved away, and how many old ones are kept. */
export interface AccessLogRotation {
  readonly maxBytes: number;
  /** Age of the file, milliseconds; 0 means any. */
  readonly maxAgeMs: number;
  readonly keep: number;
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
  /** Peers whose `X-Forwarded-*`, `Forwarded`, `X-Request-Id` and PROXY headers are believed; `unix` is one of them. */
  readonly trustedProxies: readonly Cidr[];
  readonly legacy: UpstreamConfig;
  /** What noise legs ask; null: the servers of `legacy`. */
  readonly secondLegacy: UpstreamConfig | null;
  readonly candidate: {
    readonly upstreams: readonly UpstreamConfig[];
    readonly routes: readonly RouteConfig[];
    readonly filters: readonly FilterConfig[];
  };
  readonly stickyKey: StickyKey;
  readonly shadow: ShadowConfig;
  /** What people said about differences; absent: nothing. */
  readonly rules?: readonly DifferenceRule[];
  readonly timeouts: Timeouts;
  /** How slow a client may be while it sends a body or reads an answer; 0 bytes/s for any. */
  readonly clientPace: { readonly bytesPerSec: number; readonly graceMs: number };
  readonly requestBodyBytes: number;
  readonly maxConnections: number;
  /** Of these, from one address or one /64 of IPv6; 0 for any. Trusted proxies have no such limit. */
  readonly maxPerAddress: number;
  /** Exchanges of one worker at once; further ones are answered 503. */
  readonly maxExchanges: number;
  /** Event-loop delay from which on a worker refuses a part of the requests; 0 for never. */
  readonly loopDelayMs: number;
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
