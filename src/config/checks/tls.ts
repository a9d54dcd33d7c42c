import { LIMITS } from '../../core/limits.ts';
import { readCertificates } from '../certificates.ts';
import type { Inputs } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey } from '../problem.ts';
import type { Source } from '../source.ts';
import { entriesAt, itemsAt, textsAt, valueAt } from '../view.ts';
import { checkCertificates, textOf } from './certificates.ts';

/** Certificates and keys that can be read, are valid today and belong together; settings that have no effect. */
export function checkTls(source: Source, inputs: Inputs): Finding[] {
  const { raw } = source;
  return [
    ...itemsAt(raw, ['listen']).flatMap((item) => [
      ...checkCertificates(raw, [...item, 'tls'], inputs),
      ...checkProxyProtocol(raw, item),
    ]),
    ...upstreamPaths(raw).flatMap((path) => checkUpstream(raw, path, inputs)),
  ];
}

/** A listener that asks for PROXY headers and believes nobody would refuse every connection. */
function checkProxyProtocol(raw: unknown, listener: Path): Finding[] {
  const isAsked = valueAt(raw, [...listener, 'proxyProtocol']) === true;
  if (!isAsked || textsAt(raw, ['trustedProxies']).length > 0) return [];
  const message = 'nobody could connect here: a PROXY header is believed from trusted proxies only';
  const hint = 'add trustedProxies: [10.0.0.0/8] with the addresses of your own proxies';
  return [errorAtKey([...listener, 'proxyProtocol'], message, hint)];
}

function upstreamPaths(raw: unknown): Path[] {
  const named = entriesAt(raw, ['candidate', 'upstreams']).map(([name]) => ['candidate', 'upstreams', name]);
  return [['legacy'], ['candidate'], ...named];
}

function checkUpstream(raw: unknown, upstream: Path, inputs: Inputs): Finding[] {
  const tls = [...upstream, 'tls'];
  if (valueAt(raw, tls) === undefined) return [];
  const servers = textsAt(raw, [...upstream, 'servers']);
  if (servers.length > 0 && !servers.some(({ text }) => /^https:/i.test(text))) {
    return [
      errorAtKey(tls, 'none of these servers speaks TLS', 'write https:// before a server, or remove tls'),
    ];
  }
  const path = [...tls, 'ca'];
  const ca = textOf(raw, path, inputs, LIMITS.certificateBytes);
  if (ca.text === null || readCertificates(ca.text) !== null) return [...ca.findings];
  const hint =
    'write a file with -----BEGIN CERTIFICATE-----: an authority, or the certificate of the server itself';
  return [error(path, 'there is no certificate in this file', hint)];
}
