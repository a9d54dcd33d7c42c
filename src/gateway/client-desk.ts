import { createHash, hkdfSync } from 'node:crypto';
import { certificateUris } from '../auth/certificate-facts.ts';
import { ClientVerifier } from '../auth/client-certificate.ts';
import { LIMITS } from '../core/limits.ts';
import type { ListenerTls, TlsCertificate } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import type { ClientGate, ListenTls, SessionTickets, TlsEntry } from '../wire/types.ts';
import { TlsClient } from './tls-client.ts';

/** What holds for the names of one certificate of a listener. */
export interface Place {
  /** Names the policy for clients; places with the same one let the same clients in. */
  readonly policyId: string;
  readonly verifier: ClientVerifier | null;
  /** URIs of the listener's own certificate there. */
  readonly by: readonly string[];
}

/** What one listener says about its clients: made anew with every configuration, and asked by connections that stay. */
export class ClientDesk {
  readonly tls: ListenerTls;
  readonly places: readonly Place[];
  /** Whether names of one listener differ in whom they let in: a connection is for its own ones alone then. */
  readonly isDivided: boolean;
  /** Whether anybody is asked for a certificate here. */
  readonly asks: boolean;
  private readonly byName: ReadonlyMap<string, Place>;

  /** @throws when authorities or lists of a policy cannot be read */
  constructor(tls: ListenerTls, index: number) {
    this.tls = tls;
    const all: readonly TlsCertificate[] = [tls, ...(tls.certificates ?? [])];
    this.places = all.map((certificate) => placeOf(certificate, index));
    this.byName = new Map(
      all
        .slice(1)
        .flatMap(({ names = [] }, at) => names.map((name) => [name, this.places[at + 1] as Place] as const)),
    );
    this.isDivided = new Set(this.places.map(({ policyId }) => policyId)).size > 1;
    this.asks = all.some(({ client }) => client !== undefined);
  }

  /** The place of a name, in lower case: its own, that of its wildcard, or the default one. */
  placeOf(name: string | null): Place {
    const own = name === null ? undefined : (this.byName.get(name) ?? this.byName.get(`*${tailOf(name)}`));
    return own ?? (this.places[0] as Place);
  }
}

function tailOf(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? '' : name.slice(dot);
}

function placeOf({ cert, client }: TlsCertificate, index: number): Place {
  return {
    policyId: createHash('sha256')
      .update(JSON.stringify([index, client ?? null]))
      .digest('base64url')
      .slice(0, 32),
    verifier: client === undefined ? null : new ClientVerifier(client),
    by: certificateUris(cert),
  };
}

/**
 * A listener as the wire takes it. Sessions are sealed by keys that are derived from those of the node and from the whole
 * policy: what was verified by other authorities, lists or rules is nobody's session here.
 * @param desks where connections find the policy of their listener at any later time
 */
export function secured(desk: ClientDesk, keys: TicketKeys | null, desks: DeskSource): ListenTls {
  const { tls, places } = desk;
  const entryOf = ({ cert, key, names, client }: TlsCertificate, place: Place): TlsEntry => ({
    cert,
    key,
    names,
    ...(client === undefined ? {} : { client: gateOf(place, desks) }),
    ...(keys === null ? {} : { tickets: ticketsOf(place.policyId, keys) }),
  });
  const { certificates = [], refusesUnknown = false } = tls;
  return {
    ...entryOf(tls, places[0] as Place),
    certificates: certificates.map((one, at) => entryOf(one, places[at + 1] as Place)),
    refusesUnknown,
    ...(tls.alpn === undefined ? {} : { alpn: tls.alpn }),
    ...(desk.asks
      ? { judgeOthers: ({ serverName }) => ({ client: new TlsClient(desks, serverName, []) }) }
      : {}),
  };
}

/** Where a connection finds the newest desk of its listener. */
export interface DeskSource {
  desk(): ClientDesk;
}

function gateOf({ verifier }: Place, desks: DeskSource): ClientGate {
  if (verifier === null) throw new Error('a gate without a policy');
  const { mode, ca, crl, crlFailure, policy } = verifier.auth;
  return {
    required: mode === 'required',
    ca: [ca],
    // A list that is out of date refuses everybody in OpenSSL: where that is not wanted, it is looked at here alone.
    crl: crl === null || crlFailure === 'open' ? [] : [crl],
    // What is asked of the certificates above the client's own cannot be asked of a session, which holds none of them.
    resumes: policy.trustDomains.length === 0 && policy.maxDepth === 0,
    judge: ({ chain, fault, serverName }) => {
      if (chain.length === 0 && mode === 'required') return { client: null, reason: 'missing' };
      if (fault !== null) return { client: null, reason: fault };
      return { client: new TlsClient(desks, serverName, chain) };
    },
  };
}

function ticketsOf(policyId: string, { current, previous }: TicketKeys): SessionTickets {
  const derive = (key: Uint8Array): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `cutover ticket ${policyId}`, LIMITS.ticketKeyBytes));
  return {
    context: policyId,
    current: derive(current),
    previous: previous === null ? null : derive(previous),
  };
}
