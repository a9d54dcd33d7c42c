/**
 * Services that the DNS names by SRV records stand where hosts do: `srv:_http._tcp.shop.internal` with port 0. So
 * whatever carries a host and a port carries them, too.
 */

const PREFIX = 'srv:';

/** `_service._proto.domain` (RFC 2782) within the lengths of a name: labels of 63, 253 in all. */
const SERVICE = /^(?=.{1,253}$)_[a-z0-9-]{1,62}\._tcp(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)+\.?$/;

/** The name whose SRV records say where the servers are, or null for a host. */
export function serviceName(host: string): string | null {
  return host.startsWith(PREFIX) ? host.slice(PREFIX.length) : null;
}

/** What stands for a service where hosts do; null for a text that names none. @param name in any case */
export function serviceHost(name: string): string | null {
  const lower = name.toLowerCase();
  return SERVICE.test(lower) ? `${PREFIX}${lower.replace(/\.$/, '')}` : null;
}

/**
 * Whose service it is: `shop.internal` of `_http._tcp.shop.internal`. This is what a certificate has to be for: the
 * target of a record is only what some answer said (RFC 6125, section 6.2.1).
 */
export function serviceDomain(name: string): string {
  return name.split('.').slice(2).join('.');
}
