// HOT: one check per question; the set is built once per configuration.
import { BlockList, SocketAddress, isIP, isIPv6 } from 'node:net';
import type { Cidr } from '../core/snapshot.ts';
import { UNIX_PEER } from '../core/unix-address.ts';

/** A set of CIDR blocks and single addresses. */
export class AddressSet {
  private readonly list = new BlockList();
  /** No block at all: nothing is ever contained. */
  readonly empty: boolean;
  private readonly unix: boolean;

  /** @param cidrs validated by the configuration; `unix` among them stands for every peer on a unix socket */
  constructor(cidrs: readonly Cidr[]) {
    this.empty = cidrs.length === 0;
    this.unix = cidrs.includes(UNIX_PEER);
    for (const cidr of cidrs) {
      if (cidr === UNIX_PEER) continue;
      const [address = '', prefix] = cidr.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.list.addAddress(address, family);
      else this.list.addSubnet(address, Number(prefix), family);
    }
  }

  /** @param address without brackets, IPv4-mapped IPv6 already unmapped by {@link plainAddress} */
  contains(address: string): boolean {
    if (this.empty) return false;
    if (address === UNIX_PEER) return this.unix;
    if (address === '') return false;
    return this.list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }
}

/** `::ffff:10.0.0.1` → `10.0.0.1`: a dual-stack socket shows IPv4 peers in the mapped form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * One hop of `X-Forwarded-For` as an address in its canonical form, or null when it is none. Some proxies add a port
 * (`203.0.113.7:4711`, `[2001:db8::1]:443`); it is left out, or every connection would be another client.
 */
export function addressOf(hop: string): string | null {
  const bare =
    /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? (/^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop);
  if (isIP(bare) === 0) return null;
  if (!isIPv6(bare)) return bare;
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  const mapped = MAPPED.exec(address);
  if (mapped === null) return plainAddress(address);
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
