// HOT: header lookups only; one object per request.
import { claimKey } from '../auth/claims.ts';
import type { Claims } from '../auth/claims.ts';
import { isRequestId, newRequestId, traceparentFor } from '../core/ids.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { GatewayConfig, StickyKey } from '../core/snapshot.ts';
import type { Inbound } from '../wire/types.ts';
import { AddressSet, plainAddress } from './addresses.ts';
import { cookieValue } from './cookies.ts';
import { NO_VIA, viaOf } from './via.ts';
import type { Via } from './via.ts';

/** Who sent a request, and from where. */
export interface Arrival {
  readonly requestId: string;
  readonly traceparent: string;
  /** Address of the socket's peer. */
  readonly peerAddress: string;
  readonly peerTrusted: boolean;
  /** Address of the client: behind trusted proxies the first one that is none. */
  readonly clientAddress: string;
  readonly region: string;
  /** How it came in. */
  readonly scheme: 'http' | 'https';
  /** What servers are told about the certificate of the peer, or null. */
  readonly clientCertificate: string | null;
  /** What a trusted peer says about the way before it. */
  readonly via: Via;
  /** Sticky key of the user as the request names it, or null when it carries none: the address stands in then. */
  readonly userKey: string | null;
  /** What a filter at the edge verified; null before, and without one. */
  readonly claims: Claims | null;
}

/** The same arrival once its token was verified. A key that is in no token stays what it was. */
export function identified(arrival: Arrival, claims: Claims, key: StickyKey): Arrival {
  return { ...arrival, claims, userKey: 'claim' in key ? claimKey(claims, key.claim) : arrival.userKey };
}

/** Answers who and where, by one configuration. */
export class ArrivalDesk {
  private readonly config: GatewayConfig;
  private readonly trusted: AddressSet;
  private readonly regionHeaderFrom: AddressSet;
  private readonly regionCidrs: readonly { readonly set: AddressSet; readonly region: string }[];

  constructor(config: GatewayConfig) {
    this.config = config;
    this.trusted = new AddressSet(config.trustedProxies);
    this.regionHeaderFrom = new AddressSet(config.regionHeader?.from ?? []);
    this.regionCidrs = config.regionCidrs.map(({ cidr, region }) => ({
      set: new AddressSet([cidr]),
      region,
    }));
  }

  arrive(inbound: Pick<Inbound, 'head' | 'remoteAddress' | 'listener' | 'client'>): Arrival {
    const { fields } = inbound.head;
    const peerAddress = plainAddress(inbound.remoteAddress);
    const peerTrusted = this.trusted.contains(peerAddress);
    const via = peerTrusted ? viaOf(fields, this.trusted) : NO_VIA;
    const clientAddress = via.client ?? peerAddress;
    const given = peerTrusted ? fields.get('x-request-id') : undefined;
    return {
      requestId: given !== undefined && isRequestId(given) ? given : newRequestId(),
      traceparent: traceparentFor(fields.get('traceparent')),
      peerAddress,
      peerTrusted,
      clientAddress,
      region: this.regionOf(fields, peerAddress, clientAddress, inbound.listener),
      scheme: this.config.listeners[inbound.listener]?.tls === undefined ? 'http' : 'https',
      clientCertificate: inbound.client?.forwarded ?? null,
      via,
      userKey: userKeyOf(fields, this.config.stickyKey),
      claims: null,
    };
  }

  /** The first of: header from a trusted address, client CIDR, listener, node. */
  private regionOf(
    fields: HeaderFields,
    peerAddress: string,
    clientAddress: string,
    listener: number,
  ): string {
    const { regionHeader, listeners, nodeRegion } = this.config;
    if (regionHeader !== null && this.regionHeaderFrom.contains(peerAddress)) {
      const named = fields.get(regionHeader.name);
      if (named !== undefined && REGION.test(named)) return named;
    }
    for (const { set, region } of this.regionCidrs) {
      if (set.contains(clientAddress)) return region;
    }
    return listeners[listener]?.region ?? nodeRegion;
  }
}

/** A region becomes a label of metrics: a header must not make up arbitrary ones. */
const REGION = /^[a-z0-9][a-z0-9-]{0,31}$/;

function userKeyOf(fields: HeaderFields, key: StickyKey): string | null {
  // An empty value names nobody: all who send one would move together.
  if ('cookie' in key) return cookieValue(fields, key.cookie) || null;
  if ('header' in key) return fields.get(key.header) || null;
  return null;
}
