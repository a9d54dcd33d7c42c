import { LIMITS } from '../core/limits.ts';
import type { GatewayConfig, ListenerConfig, TlsCertificate, UpstreamTls } from '../core/snapshot.ts';
import { chainFault, readCertificates } from './certificates.ts';
import { clientSettings, compileClientAuth, fileText, namesOf } from './compile-client-auth.ts';
import type { Inputs } from './inputs.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';
import type { CertificateSettings } from './schema-tls.ts';

type Listener = Config['listen'][number];

/** A listener with the content of its files: checked once before, and again, because they may have changed. */
export function compileListener(
  { address, region, mode, tls, proxyProtocol }: Listener,
  inputs: Inputs,
): ListenerConfig {
  return {
    ...address,
    region: region ?? null,
    ...(tls === undefined ? {} : { tls: secure(tls, inputs) }),
    ...(proxyProtocol ? { proxyProtocol } : {}),
    ...(mode === 'mirror' ? { mirror: true } : {}),
  };
}

function secure(tls: NonNullable<Listener['tls']>, inputs: Inputs): NonNullable<ListenerConfig['tls']> {
  const { certificates = [], unknownName, forwardClientCert, alpn } = tls;
  const refuses = unknownName === 'refuse';
  const { names, ...own } = pair(tls, tls, inputs);
  return {
    ...own,
    ...(alpn.includes('h2') ? { alpn } : {}),
    ...(refuses ? { names, refusesUnknown: true } : {}),
    ...(certificates.length === 0
      ? {}
      : { certificates: certificates.map((one) => pair(one, clientSettings(one, tls), inputs)) }),
    ...(forwardClientCert === undefined ? {} : { forwards: forwardClientCert }),
  };
}

function pair(
  { cert: certFile, key: keyFile, names }: Pick<CertificateSettings, 'cert' | 'key' | 'names'>,
  clients: Parameters<typeof compileClientAuth>[0],
  inputs: Inputs,
): TlsCertificate & { readonly names: readonly string[] } {
  const cert = fileText(inputs, certFile, LIMITS.certificateBytes);
  const key = fileText(inputs, keyFile, LIMITS.privateKeyBytes);
  if (chainFault(cert, key) !== null) throw new Error('a certificate changed while it was read');
  const client = compileClientAuth(clients, inputs);
  return { cert, key, names: namesOf(names, cert), ...(client === undefined ? {} : { client }) };
}

/** How servers prove who they are, with the content of the file. */
export function compileOriginTls(
  { ca, serverName: name }: NonNullable<Config['legacy']['tls']>,
  inputs: Inputs,
): UpstreamTls {
  const serverName = name ?? null;
  if (ca === undefined) return { ca: null, serverName };
  const text = fileText(inputs, ca, LIMITS.certificateBytes);
  if (readCertificates(text) === null) throw new Error('a certificate changed while it was read');
  return { ca: text, serverName };
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
    tls === undefined ? [] : listenerPlaces(tls, ['gateway', 'listeners', index, 'tls']),
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

function listenerPlaces(tls: NonNullable<ListenerConfig['tls']>, at: Path): Path[] {
  const further = (tls.certificates ?? []).map((one, index) => ({ one, at: [...at, 'certificates', index] }));
  return [{ one: tls, at }, ...further].flatMap(({ one: { client }, at: place }) => [
    [...place, 'key'],
    ...(client === undefined ? [] : [[...place, 'client', 'ca']]),
    ...(typeof client?.crl === 'string' ? [[...place, 'client', 'crl']] : []),
    ...(client?.policy.trustDomains ?? []).map((_, index) => [
      ...place,
      'client',
      'policy',
      'trustDomains',
      index,
      'ca',
    ]),
  ]);
}
