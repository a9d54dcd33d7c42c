import { WITHOUT_FILTERS, loadConfig } from '../config/load.ts';
import { parseServer } from '../config/server-text.ts';
import { CutoverError } from '../core/errors.ts';
import type { DifferenceRule } from '../core/rules.ts';
import { serviceName } from '../core/service-name.ts';
import type { Lane, ServerConfig, UpstreamConfig } from '../core/snapshot.ts';
import { addressText } from '../core/unix-address.ts';
import { Router } from '../gateway/router.ts';
import { ConfigurationError } from './configuration.ts';
import { EXIT } from './exit-codes.ts';
import type { Options } from './options.ts';

/** The servers of a replay. */
export interface ReplayServers {
  readonly legacy: ServerConfig;
  readonly candidate: ServerConfig;
  /** Host for requests whose capture knows none; the same on both lanes, or each answer would name another one. */
  readonly fallbackHost: string;
  /** Of the configuration, where one is named or was needed. */
  readonly rules: readonly DifferenceRule[];
  /** Its routes, for the names of endpoints. */
  readonly router: Router | null;
}

/**
 * The servers that flags name, or else the configuration.
 * @throws CutoverError USAGE when there is none for a lane, ConfigurationError for a configuration with problems
 */
export function replayLanes(options: Options): ReplayServers {
  const given = { legacy: flagged(options, 'legacy'), candidate: flagged(options, 'candidate') };
  const isEnough = given.legacy !== null && given.candidate !== null && !options.configNamed;
  const known = isEnough ? null : configured(options);
  const legacy = given.legacy ?? known?.legacy;
  const candidate = given.candidate ?? known?.candidate;
  if (legacy === undefined) throw missing('legacy', options.config);
  if (candidate === undefined || candidate === null) throw missing('candidate', options.config);
  const { rules, router } = known ?? { rules: [], router: null };
  return { legacy, candidate, fallbackHost: hostOf(legacy), rules, router };
}

function flagged(options: Options, lane: Lane): ServerConfig | null {
  const text = options[lane];
  if (text === undefined) return null;
  const parsed = parseServer(text);
  if ('server' in parsed) {
    if (serviceName(parsed.server.host) === null) return parsed.server;
    throw new CutoverError('USAGE', `--${lane}: a replay asks one server, and a service may have many`, {
      hint: 'name one of them: http://10.0.0.1:8081',
      exitCode: EXIT.usage,
    });
  }
  throw new CutoverError('USAGE', `--${lane}: ${parsed.message}`, {
    hint: parsed.hint,
    exitCode: EXIT.usage,
  });
}

function configured({ config }: Options): {
  readonly legacy: ServerConfig | undefined;
  readonly candidate: ServerConfig | null;
  readonly rules: readonly DifferenceRule[];
  readonly router: Router;
} {
  const loaded = loadConfig(config, WITHOUT_FILTERS);
  if (!loaded.ok) throw new ConfigurationError(config, loaded.problems);
  const { legacy, candidate, rules = [] } = loaded.config.gateway;
  const [upstream, ...others] = candidate.upstreams;
  // With several services behind it, or with other paths than legacy, the lane is more than a server: its gateway has to be named.
  const isPlain = candidate.routes.every(
    ({ rewrite, redirect }) => rewrite === undefined && redirect === undefined,
  );
  const only = others.length === 0 && isPlain ? single(upstream) : null;
  const router = new Router(candidate.routes, candidate.filters);
  return { legacy: single(legacy) ?? undefined, candidate: only, rules, router };
}

/** The first server, unless the DNS says which these are. */
function single(upstream: UpstreamConfig | undefined): ServerConfig | null {
  const server = upstream?.servers[0];
  return server === undefined || serviceName(server.host) !== null ? null : server;
}

function missing(lane: Lane, config: string): CutoverError {
  return new CutoverError(
    'USAGE',
    `no server is named for the ${lane} lane, and ${config} has not just one`,
    {
      hint: 'cutover replay FILE --legacy http://127.0.0.1:8081 --candidate http://127.0.0.1:7001',
      exitCode: EXIT.usage,
    },
  );
}

function hostOf({ host, port, scheme }: ServerConfig): string {
  const usual = scheme === 'https' ? 443 : 80;
  if (port === 0) return 'localhost';
  return port === usual ? addressText({ host, port }).replace(/:\d+$/, '') : addressText({ host, port });
}
