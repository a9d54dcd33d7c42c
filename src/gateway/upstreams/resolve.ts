import { lookup, Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { systemCode } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { serviceName } from '../../core/service-name.ts';
import { boundedTtl } from './places.ts';
import type { Answer, Resolved } from './places.ts';
import { isServerAddress } from './server-address.ts';
import { ofService } from './services.ts';

/** Asks for the addresses of a name, or of a service (`srv:_http._tcp.shop.internal`). */
export type Resolve = (name: string, isKnown: boolean) => Promise<Resolved | { readonly failed: string }>;

const HOSTS_FILE = '/etc/hosts';

/**
 * Asks the DNS, which says how long its answer holds; IPv6 only for a name without an IPv4 address, since a machine
 * may have no way to the other half. A name in the hosts file, and one that the DNS does not know, is asked of the
 * system, as everything else on this machine does: search domains, multicast names. When the DNS is silent and the
 * name is known already, nobody else is asked: the system would wait for the same servers, in one of its few threads.
 * @param servers name servers to ask instead of the system's, `address:port`; then nothing but them is asked
 */
export function resolver(servers: readonly string[] | null): Resolve {
  const dns = new Resolver({ timeout: LIMITS.dnsTimeoutMs, tries: 2 });
  if (servers !== null) dns.setServers(servers);
  return async (name, isKnown) => {
    const usesSystem = servers === null;
    const service = serviceName(name);
    if (service !== null) return ofService(service, dns.getServers(), (target) => ofDns(dns, target));
    if (usesSystem && (await isInHostsFile(name))) return ofSystem(name);
    const answer = await ofDns(dns, name);
    if ('places' in answer) return answer;
    const failed = 'none' in answer ? answer.none : answer.failed;
    return usesSystem && ('none' in answer || !isKnown) ? ofSystem(name) : { failed };
  };
}

async function ofDns(dns: Resolver, name: string): Promise<Answer> {
  const four = await asked(() => dns.resolve4(name, { ttl: true }));
  return 'none' in four ? asked(() => dns.resolve6(name, { ttl: true })) : four;
}

async function asked(ask: () => Promise<{ address: string; ttl: number }[]>): Promise<Answer> {
  try {
    const records = await ask();
    if (records.length === 0) return { none: 'ENODATA' };
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1_000;
    return resolved(
      records.map(({ address }) => address),
      ttlMs,
    );
  } catch (error) {
    const code = systemCode(error) || 'EUNKNOWN';
    return code === 'ENODATA' || code === 'ENOTFOUND' ? { none: code } : { failed: code };
  }
}

async function ofSystem(name: string): Promise<Resolved | { readonly failed: string }> {
  try {
    const found = await lookup(name, { all: true });
    const four = found.filter(({ family }) => family === 4);
    const addresses = (four.length > 0 ? four : found).map(({ address }) => address);
    if (addresses.length === 0) return { failed: 'ENODATA' };
    const answer = resolved(addresses, LIMITS.dnsPlainTtlMs);
    return 'none' in answer ? { failed: answer.none } : answer;
  } catch (error) {
    return { failed: systemCode(error) || 'EUNKNOWN' };
  }
}

/** In one order, whatever order the DNS chose this time. */
function resolved(addresses: readonly string[], ttlMs: number): Answer {
  const sorted = [...new Set(addresses)].filter(isServerAddress).toSorted().slice(0, LIMITS.dnsAddresses);
  if (sorted.length === 0) return { failed: 'no address that a server can have' };
  return { places: sorted.map((host) => ({ host, port: null, weight: 1 })), ttlMs: boundedTtl(ttlMs) };
}

async function isInHostsFile(name: string): Promise<boolean> {
  try {
    const lines = (await readFile(HOSTS_FILE, 'utf8')).split('\n');
    return lines.some((line) =>
      line.replace(/#.*/, '').trim().split(/\s+/).slice(1).includes(name.toLowerCase()),
    );
  } catch {
    return false;
  }
}
