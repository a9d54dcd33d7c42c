import { LIMITS } from '../../src/core/limits.ts';
import type {
  GatewayConfig,
  RolloutView,
  RouteConfig,
  ServerConfig,
  Snapshot,
  UpstreamConfig,
  UpstreamPolicy,
} from '../../src/core/snapshot.ts';

/** Servers from `http://127.0.0.1:1234` texts. */
export function upstreamConfig(name: string, ...urls: string[]): UpstreamConfig {
  const servers: ServerConfig[] = urls.map((url) => {
    const { hostname, port } = new URL(url);
    return { scheme: 'http', host: hostname, port: Number(port) };
  });
  return { name, servers, hostHeader: null, policy: upstreamPolicy() };
}

/** How servers are chosen and judged, everything else at its default. */
export function upstreamPolicy(rest: Partial<UpstreamPolicy> = {}): UpstreamPolicy {
  return {
    balance: 'round-robin',
    hashKey: { address: true },
    weights: [],
    retries: { budget: LIMITS.retryShare, tries: LIMITS.requestTries },
    ejection: {
      failures: LIMITS.ejectionFailures,
      share: LIMITS.ejectionFailureShare,
      timeMs: LIMITS.ejectionTimeMs,
      maxTimeMs: LIMITS.ejectionMaxTimeMs,
      maxShare: LIMITS.ejectionMaxShare,
    },
    health: null,
    slowStartMs: LIMITS.slowStartMs,
    timeouts: { connectMs: null, firstByteMs: null, idleMs: null, totalMs: null },
    ...rest,
  };
}

/** A route to the upstream `candidate`, everything else at its default. */
export function route(name: string, path = '/', rest: Partial<RouteConfig> = {}): RouteConfig {
  return {
    name,
    match: { host: null, path, methods: [] },
    upstream: 'candidate',
    filters: [],
    critical: false,
    fallback: 'legacy',
    copyWrites: false,
    ...rest,
  };
}

/** A configuration with defaults, as the worker gets it. */
export function gatewayConfig(
  legacyUrl: string,
  candidateUrl: string,
  rest: Partial<GatewayConfig> = {},
): GatewayConfig {
  return {
    hash: 'test',
    listeners: [{ host: '127.0.0.1', port: 0, region: null }],
    nodeRegion: 'eu-west',
    regionHeader: null,
    regionCidrs: [],
    trustedProxies: [],
    legacy: upstreamConfig('legacy', legacyUrl),
    secondLegacy: null,
    candidate: {
      upstreams: [upstreamConfig('candidate', candidateUrl)],
      routes: [route('all')],
      filters: [],
    },
    stickyKey: { cookie: 'sid' },
    shadow: {
      sample: 1,
      maxRate: 0,
      rampMs: 0,
      timeoutMs: LIMITS.copyTimeoutMs,
      maxInFlight: LIMITS.copiesInFlight,
      maxBytes: LIMITS.copyBytes,
      requestBodyBytes: LIMITS.copyBodyBytes,
      answerBytes: LIMITS.answerBytes,
      stripHeaders: [],
      noiseShare: 0,
    },
    timeouts: {
      headMs: LIMITS.headTimeoutMs,
      clientBodyIdleMs: LIMITS.clientBodyIdleMs,
      clientWriteIdleMs: LIMITS.clientWriteIdleMs,
      keepAliveIdleMs: LIMITS.keepAliveIdleMs,
      connectMs: LIMITS.connectTimeoutMs,
      firstByteMs: LIMITS.firstByteTimeoutMs,
      upstreamIdleMs: LIMITS.upstreamIdleTimeoutMs,
      totalMs: LIMITS.totalTimeoutMs,
      tunnelIdleMs: LIMITS.tunnelIdleMs,
      drainMs: LIMITS.drainTimeoutMs,
    },
    clientPace: { bytesPerSec: LIMITS.clientBytesPerSec, graceMs: LIMITS.clientGraceMs },
    requestBodyBytes: LIMITS.bodyBytes,
    maxConnections: LIMITS.connections,
    maxExchanges: LIMITS.exchanges,
    // The tests share few cores: being late is no overload there.
    loopDelayMs: 0,
    accessLog: null,
    explainHeaders: true,
    ...rest,
  };
}

/** A rollout that stands in shadow and copies everything. */
export function rolloutView(rest: Partial<RolloutView> = {}): RolloutView {
  return {
    phase: 'shadow',
    bypass: false,
    epoch: 1,
    sample: 1,
    reverseSample: 1,
    canary: [],
    shares: {},
    salt: 42,
    tauUs: {},
    ...rest,
  };
}

/** A snapshot of both. */
export function snapshot(
  config: GatewayConfig,
  rollout: RolloutView = rolloutView(),
  revision = 1,
): Snapshot {
  return { revision, config, rollout };
}
