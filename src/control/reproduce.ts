import type { GatewayConfig, UpstreamConfig } from '../core/snapshot.ts';
import type { StoredClass } from '../rollout/ports.ts';
import type { DifferenceDetail } from './schema/differences.ts';

/** A curl command for each lane that asks what the example asked, or null where there is no example. */
export function reproduce(found: StoredClass, config: GatewayConfig): DifferenceDetail['reproduce'] {
  const { example } = found;
  if (example === null) return null;
  const route = config.candidate.routes.find(({ name }) => name === found.route);
  const upstream = config.candidate.upstreams.find(({ name }) => name === route?.upstream);
  const legacy = curl(config.legacy, example.method, example.target);
  const candidate = curl(upstream ?? config.candidate.upstreams[0], example.method, example.target);
  return legacy === null || candidate === null ? null : { legacy, candidate };
}

/** A curl command for the first server of an upstream; null when there is none. */
export function curl(
  upstream: Pick<UpstreamConfig, 'servers' | 'hostHeader'> | undefined,
  method: string,
  target: string,
): string | null {
  const server = upstream?.servers[0];
  if (upstream === undefined || server === undefined) return null;
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const words = ['curl', '-si', ...(method === 'HEAD' ? ['-I'] : ['-X', method])];
  if (upstream.hostHeader !== null) words.push('-H', `Host: ${upstream.hostHeader}`);
  words.push(`${server.scheme}://${host}:${server.port}${target}`);
  return words.map(quoted).join(' ');
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
