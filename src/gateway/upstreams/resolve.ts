import { lookup, Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { systemCode } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** Addresses of a name and how long they hold, milliseconds. */
export interface Resolved {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

/** What the DNS said: addresses, that there are none (a code), or nothing at all (a code). */
type Answer = Resolved | { readonly none: string } | { readonly failed: string };

/** Asks for the addresses of a name. */
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
    if (usesSystem && (await isInHostsFile(name))) return ofSystem(name);
    const answer = await ofDns(dns, name);
    if ('addresses' in answer) return answer;
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
    return addresses.length === 0 ? { failed: 'ENODATA' } : resolved(addresses, LIMITS.dnsPlainTtlMs);
  } catch (error) {
    return { failed: systemCode(error) || 'EUNKNOWN' };
  }
}

/** In one order, whatever order the DNS chose this time. */
function resolved(addresses: readonly string[], ttlMs: number): Resolved {
  const sorted = [...new Set(addresses)].toSorted().slice(0, LIMITS.dnsAddresses);
  return { addresses: sorted, ttlMs: Math.min(Math.max(ttlMs, LIMITS.dnsMinTtlMs), LIMITS.dnsMaxTtlMs) };
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
