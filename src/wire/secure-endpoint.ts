import { createServer, type Server, type TLSSocket } from 'node:tls';
import { LIMITS } from '../core/limits.ts';
import type { ClientHello } from './client-hello.ts';
import { NO_TICKETS, TLS_POLICY } from './tls-policy.ts';
import type { AlpnProtocol, TlsEntry } from './types.ts';

/** Hears what became of the handshakes of an endpoint. */
export interface EndpointOwner {
  onSecure(socket: TLSSocket): void;
  onFailed(error: Error, socket: TLSSocket): void;
}

/**
 * One certificate of a listener with everything that belongs to it. Each has contexts of its own, chosen before OpenSSL
 * reads the first byte: OpenSSL looks at a session ticket before it would ask for the certificate of a name, so that a
 * session of one name would be resumed under another (CVE-2025-23419 of nginx). Here another endpoint has other keys.
 */
export class SecureEndpoint {
  readonly entry: TlsEntry;
  private readonly current: Server;
  /** Takes tickets of the keys before the last rotation; null while there are none. */
  private readonly previous: Server | null;

  /** @throws when the certificate and the key do not belong together, or authorities or lists cannot be read */
  constructor(entry: TlsEntry, alpn: readonly AlpnProtocol[], owner: EndpointOwner) {
    this.entry = entry;
    const { tickets } = entry;
    this.current = serverOf(entry, alpn, tickets?.current ?? null, owner);
    const previous = tickets?.previous ?? null;
    this.previous = previous === null ? null : serverOf(entry, alpn, previous, owner);
  }

  /** The server for a handshake: that which has the key of the ticket, where one has. */
  serverFor(hello: ClientHello | null): Server {
    const { previous, entry } = this;
    const name = hello?.ticketKeyName ?? null;
    const key = entry.tickets?.previous ?? null;
    if (previous === null || name === null || key === null) return this.current;
    return name.equals(key.subarray(0, name.length)) ? previous : this.current;
  }
}

function serverOf(
  entry: TlsEntry,
  alpn: readonly AlpnProtocol[],
  ticketKeys: Buffer | null,
  owner: EndpointOwner,
): Server {
  const { cert, key, client, tickets } = entry;
  const resumes = client === undefined || client.resumes;
  const server = createServer({
    ...TLS_POLICY,
    cert,
    key,
    ALPNProtocols: [...alpn],
    handshakeTimeout: LIMITS.receptionTimeoutMs,
    sessionTimeout: LIMITS.tlsSessionS,
    honorCipherOrder: true,
    ...(resumes ? {} : { secureOptions: (TLS_POLICY.secureOptions ?? 0) | NO_TICKETS }),
    ...(ticketKeys === null ? {} : { ticketKeys }),
    ...(tickets === undefined ? {} : { sessionIdContext: tickets.context }),
    ...(client === undefined ? {} : clientOptions(client)),
  });
  server.on('secureConnection', (socket) => owner.onSecure(socket));
  server.on('tlsClientError', (error, socket) => owner.onFailed(error, socket));
  return server;
}

/** With `required`, OpenSSL itself tells a client without a certificate by an alert. What it found is judged afterwards. */
function clientOptions({ required, ca, crl }: NonNullable<TlsEntry['client']>): object {
  return {
    requestCert: true,
    rejectUnauthorized: required,
    ca: [...ca],
    ...(crl.length === 0 ? {} : { crl: [...crl] }),
  };
}
