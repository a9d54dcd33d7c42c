// HOT: one check per question; the set is built once per configuration.
import { BlockList, isIPv6 } from 'node:net';
import type { Cidr } from '../core/snapshot.ts';

/** A set of CIDR blocks and single addresses. */
export class AddressSet {
  private readonly list = new BlockList();
  /** No block at all: nothing is ever contained. */
  readonly empty: boolean;

  /** @param cidrs validated by the configuration */
  constructor(cidrs: readonly Cidr[]) {
    this.empty = cidrs.length === 0;
    for (const cidr of cidrs) {
      const [address = '', prefix] = cidr.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.list.addAddress(address, family);
      else this.list.addSubnet(address, Number(prefix), family);
    }
  }

  /** @param address without brackets, IPv4-mapped IPv6 already unmapped by {@link plainAddress} */
  contains(address: string): boolean {
    if (this.empty) return false;
    return this.list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }
}

/** `::ffff:10.0.0.1` → `10.0.0.1`: a dual-stack socket shows IPv4 peers in the mapped form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
