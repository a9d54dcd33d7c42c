import { isIP } from 'node:net';
import type { ServerConfig, UpstreamConfig } from '../core/snapshot.ts';
import { addressText } from '../core/unix-address.ts';
import { SecureOrigin } from '../wire/secure-origin.ts';

/** Writes one line to the process's log. */
export type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

/** TLS to one server of an upstream, or undefined for plain HTTP. Why a certificate is refused stands in the log only. */
export function secureOrigin(
  upstream: UpstreamConfig,
  server: ServerConfig,
  log: Log,
): SecureOrigin | undefined {
  if (server.scheme === 'http') return undefined;
  const { name, tls = { ca: null, serverName: null } } = upstream;
  // A pool may connect to an address of the name: it is the name that is asked for and verified.
  const serverName = tls.serverName ?? (isIP(server.host) === 0 ? server.host : null);
  return new SecureOrigin({ ...tls, serverName }, (reason) =>
    log('warn', `${name}: the certificate of ${addressText(server)} was refused: ${reason}`),
  );
}
