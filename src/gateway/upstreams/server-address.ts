import { BlockList } from 'node:net';
import { plainAddress } from '../addresses.ts';

/** Blocks in which no server of an upstream can be: this host, link-local (metadata services of clouds), multicast. */
const NEVER: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

const never = new BlockList();
for (const [address, bits, family] of NEVER) never.addSubnet(address, bits, family);

/**
 * Whether an answer of the DNS may be a server. A configured address is taken as it is; one that somebody's name
 * server made up leads to no address that means this machine or only its own network segment. Loopback and private
 * addresses are where services are.
 */
export function isServerAddress(address: string): boolean {
  const plain = plainAddress(address);
  return !never.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}
