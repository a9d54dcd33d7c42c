// HOT: one object per request of a trusted proxy, none for the others.
import type { HeaderFields } from '../core/headers.ts';
import { UNIX_PEER } from '../core/unix-address.ts';
import { addressOf } from './addresses.ts';
import type { AddressSet } from './addresses.ts';
import { forwardedHops, forwardedNode } from './forwarded-header.ts';

/** What a peer says about the way of a request before it; from peers that are not trusted, nothing. */
export interface Via {
  /** Addresses from the client on, as `X-Forwarded-For` writes them; '' for none. */
  readonly hops: string;
  /** The hop that is the client, or null: it is the peer. */
  readonly client: string | null;
  /** Scheme and host that the client used, by `Forwarded`; '' when it does not say. */
  readonly proto: string;
  readonly host: string;
  /** `Forwarded` as it goes on, without the peer; '' when it was not read and is dropped. */
  readonly forwarded: string;
}

/** Nothing is said, or nothing is believed. */
export const NO_VIA: Via = { hops: '', client: null, proto: '', host: '', forwarded: '' };

/** What a trusted peer says: by `X-Forwarded-For`, else by `Forwarded` (RFC 7239), never by both. */
export function viaOf(fields: HeaderFields, trusted: AddressSet): Via {
  const values = fields.all('x-forwarded-for');
  if (values.length === 0) return fields.has('forwarded') ? viaForwarded(fields, trusted) : NO_VIA;
  const chain = values.join(',').split(',');
  const client = clientAt(chain, trusted);
  const address = client === -1 ? null : addressOf((chain[client] ?? '').trim());
  return { ...NO_VIA, hops: values.join(', '), client: address };
}

function viaForwarded(fields: HeaderFields, trusted: AddressSet): Via {
  const hops = forwardedHops(fields);
  if (hops === null || hops.length === 0) return NO_VIA;
  const chain = hops.map((hop) => hop.for);
  const index = clientAt(chain, trusted);
  const hop = hops[index];
  const proto = hop?.proto.toLowerCase() ?? '';
  return {
    hops: chain.map((node) => addressOf(node) ?? 'unknown').join(', '),
    client: hop === undefined ? null : addressOf(hop.for),
    proto: proto === 'http' || proto === 'https' ? proto : '',
    host: hop !== undefined && HOST.test(hop.host) ? hop.host : '',
    forwarded: fields.all('forwarded').join(', '),
  };
}

const HOST = /^[A-Za-z0-9._-]+(?::\d+)?$|^\[[0-9A-Fa-f:.]+\](?::\d+)?$/;

/** Walks from the right while the hops are trusted. @returns index of the client; -1 where a hop is no address */
function clientAt(chain: readonly string[], trusted: AddressSet): number {
  for (let index = chain.length - 1; index >= 0; index -= 1) {
    const hop = addressOf((chain[index] ?? '').trim());
    if (hop === null) return -1;
    if (!trusted.contains(hop) || index === 0) return index;
  }
  return -1;
}

/** `X-Forwarded-For` as it goes on: with the peer, unless that has no address to add. */
export function hopsWith(via: Via, peerAddress: string): string {
  if (via.hops === '') return peerAddress;
  return peerAddress === UNIX_PEER ? via.hops : `${via.hops}, ${peerAddress}`;
}

/** `Forwarded` as it goes on, when there is one. */
export function forwardedWith(via: Via, peerAddress: string, scheme: string): string {
  return `${via.forwarded}, for=${forwardedNode(peerAddress)};proto=${scheme}`;
}
