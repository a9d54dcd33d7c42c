/**
 * Unix sockets stand where hosts do: `unix:/run/app.sock` with port 0, as NGINX writes them. So whatever carries a
 * host and a port carries them, too.
 */

import { serviceName } from './service-name.ts';

const PREFIX = 'unix:';

/** What stands for the address of a peer on a unix socket, and for such peers in `trustedProxies`. */
export const UNIX_PEER = 'unix';

/** The path of a unix socket, or null for a host of the network. */
export function unixPath(host: string): string | null {
  return host.startsWith(PREFIX) ? host.slice(PREFIX.length) : null;
}

/**
 * Where a process binds a socket before it is moved to its path. The number of the process is in it, so that none
 * removes what another one has bound; at most 7 bytes longer than the path.
 */
export function besidePath(path: string, pid: number): string {
  return `${path}.${pid.toString(36)}`;
}

/** Host and port as people write them: `[::1]:80`; a unix socket and a service have no port. */
export function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  if (unixPath(host) !== null || serviceName(host) !== null) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
