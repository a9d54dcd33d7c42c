import { isIPv6 } from 'node:net';

/** Bits of an IPv6 address that name one customer: what is behind them is given away freely. */
const GROUPS_OF_PREFIX = 4;

/**
 * Whom an address belongs to: an IPv4 address is its own, an IPv6 address shares its /64 (RFC 6177: that much and
 * more is given to one site, so that a client has 2^64 addresses to come from).
 * @param address as a socket shows it, IPv4-mapped addresses already as IPv4
 */
export function addressGroup(address: string): string {
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  // A dotted end stands for two groups.
  const backLength = back.length + (back.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - backLength);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  const prefix = groups.slice(0, GROUPS_OF_PREFIX).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/64`;
}

/** How many connections each group of addresses holds. Asked at accept and at close, never per request. */
export class AddressCounts<T extends object> {
  private readonly counts = new Map<string, number>();
  private readonly groups = new Map<T, string>();

  /** @param address of a group */
  count(address: string): number {
    return this.counts.get(addressGroup(address)) ?? 0;
  }

  hold(holder: T, address: string): void {
    const group = addressGroup(address);
    this.counts.set(group, (this.counts.get(group) ?? 0) + 1);
    this.groups.set(holder, group);
  }

  /** Gives its place back; nothing for one that holds none. */
  release(holder: T): void {
    const group = this.groups.get(holder);
    if (group === undefined) return;
    this.groups.delete(holder);
    const left = (this.counts.get(group) ?? 1) - 1;
    if (left === 0) this.counts.delete(group);
    else this.counts.set(group, left);
  }
}
