import { LIMITS } from '../core/limits.ts';
import type { GatewayConfig, ListenerConfig, UpstreamTls } from '../core/snapshot.ts';
import { chainFault, readCertificates } from './certificates.ts';
import type { Inputs } from './inputs.ts';
import { readInput } from './inputs.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';

type Listener = Config['listen'][number];

/** A listener with the content of its files: checked once before, and again, because they may have changed. */
export function compileListener(
  { address, region, mode, tls, proxyProtocol }: Listener,
  inputs: Inputs,
): ListenerConfig {
  return {
    ...address,
    region: region ?? null,
    ...(tls === undefined ? {} : { tls: pair(tls, inputs) }),
    ...(proxyProtocol ? { proxyProtocol } : {}),
    ...(mode === 'mirror' ? { mirror: true } : {}),
  };
}

function pair(tls: NonNullable<Listener['tls']>, inputs: Inputs): NonNullable<ListenerConfig['tls']> {
  const cert = content(inputs, tls.cert, LIMITS.certificateBytes);
  const key = content(inputs, tls.key, LIMITS.privateKeyBytes);
  if (chainFault(cert, key) !== null) throw new Error('a certificate changed while it was read');
  return { cert, key };
}

/** How servers prove who they are, with the content of the file. */
export function compileOriginTls(
  { ca, serverName: name }: NonNullable<Config['legacy']['tls']>,
  inputs: Inputs,
): UpstreamTls {
  const serverName = name ?? null;
  if (ca === undefined) return { ca: null, serverName };
  const text = content(inputs, ca, LIMITS.certificateBytes);
  if (readCertificates(text) === null) throw new Error('a certificate changed while it was read');
  return { ca: text, serverName };
}

function content(inputs: Inputs, file: string, limitBytes: number): string {
  const read = readInput(inputs, file, limitBytes);
  if (read.ok) return read.text;
  throw new Error('a certificate or key changed while it was read');
}

/**
 * Where keys stand, and authorities: neither is shown, and to renew either is no new configuration of what is compared.
 */
export function tlsPlaces({
  listeners,
  legacy,
  secondLegacy,
  candidate,
}: Omit<GatewayConfig, 'hash'>): Path[] {
  const keys = listeners.flatMap(({ tls }, index) =>
    tls === undefined ? [] : [['gateway', 'listeners', index, 'tls', 'key']],
  );
  const named = candidate.upstreams.map((upstream, index) => ({
    upstream,
    path: ['gateway', 'candidate', 'upstreams', index],
  }));
  const second = secondLegacy === null ? [] : [{ upstream: secondLegacy, path: ['gateway', 'secondLegacy'] }];
  const authorities = [{ upstream: legacy, path: ['gateway', 'legacy'] }, ...second, ...named].flatMap(
    ({ upstream, path }) => (typeof upstream.tls?.ca === 'string' ? [[...path, 'tls', 'ca']] : []),
  );
  return [...keys, ...authorities];
}
