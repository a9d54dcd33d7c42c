import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionClient } from '../core/client-identity.ts';
import { systemCode } from '../core/errors.ts';
import { plainName, type ClientHello } from './client-hello.ts';
import { reportDefect } from './defect.ts';
import { evidenceOf } from './peer-evidence.ts';
import { SecureEndpoint, type EndpointOwner } from './secure-endpoint.ts';
import { ALPN_PROTOCOLS } from './tls-policy.ts';
import type { Judgement, ListenTls } from './types.ts';

/** Hears how a handshake went; one of its functions is called, once, or none when the socket was destroyed by its owner. */
export interface Handshake {
  /** @param client null on a listener that asks nobody for a certificate */
  onSecure(socket: TLSSocket, client: ConnectionClient | null): void;
  /** @param reason what Node calls the failure: `ERR_SSL_NO_SHARED_CIPHER` */
  onRefused(reason: string): void;
  /** The certificate of the client, or that it has none. */
  onDenied(reason: string): void;
}

/** A handshake under way. */
interface Pending {
  readonly handshake: Handshake;
  readonly endpoint: SecureEndpoint;
  /** As it was read here; null when nothing could be read. */
  readonly hello: ClientHello | null;
}

/** `unrecognized_name` (RFC 8446, section 6): the one alert that is ours to send, because OpenSSL was not asked. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** The TLS side of one listener: handshakes on sockets that somebody else accepted. */
export class SecureListener implements EndpointOwner {
  private readonly pending = new WeakMap<object, Pending>();
  private tls: ListenTls;
  private fallback: SecureEndpoint;
  private names: ReadonlyMap<string, SecureEndpoint>;

  /** @throws when a certificate and its key do not belong together, or cannot be read */
  constructor(tls: ListenTls) {
    this.tls = tls;
    this.fallback = new SecureEndpoint(tls, tls.alpn ?? ALPN_PROTOCOLS, this);
    this.names = this.named(tls);
  }

  /**
   * Other certificates, authorities or keys, for handshakes that begin from now on.
   * @throws like the constructor; everything stays as it was then
   */
  configure(tls: ListenTls): void {
    const fallback = new SecureEndpoint(tls, tls.alpn ?? ALPN_PROTOCOLS, this);
    const names = this.named(tls);
    this.tls = tls;
    this.fallback = fallback;
    this.names = names;
  }

  private named({ certificates = [], alpn = ALPN_PROTOCOLS }: ListenTls): Map<string, SecureEndpoint> {
    return new Map(
      certificates.flatMap((entry) => {
        const endpoint = new SecureEndpoint(entry, alpn, this);
        return (entry.names ?? []).map((name) => [name, endpoint] as const);
      }),
    );
  }

  /**
   * Starts a handshake on a socket from which nothing of it was read; bytes that were read are unshifted before. A peer
   * that ends its side before it is through has left; after it, that is a half-close like any other.
   * @param hello null when its first bytes are no ClientHello
   */
  shake(raw: Socket, hello: ClientHello | null, handshake: Handshake): void {
    const serverName = hello?.serverName ?? null;
    const endpoint = this.endpointOf(serverName);
    if (endpoint === null && hello !== null) {
      raw.write(UNRECOGNIZED_NAME);
      return handshake.onRefused('no certificate for this name');
    }
    const chosen = endpoint ?? this.fallback;
    raw.allowHalfOpen = false;
    this.pending.set(raw, { handshake, endpoint: chosen, hello });
    chosen.serverFor(hello).emit('connection', raw);
  }

  /** The endpoint of a name: its own, that of its wildcard, or the default one; null where unknown names are refused. */
  private endpointOf(name: string | null): SecureEndpoint | null {
    const own = name === null ? undefined : lookUp(this.names, name);
    if (own !== undefined) return own;
    const { refusesUnknown, names = [] } = this.tls;
    if (refusesUnknown !== true) return this.fallback;
    return name !== null && hasName(names, name) ? this.fallback : null;
  }

  onSecure(socket: TLSSocket): void {
    const pending = this.take(socket);
    socket.allowHalfOpen = true;
    if (pending === null) {
      socket.destroy();
      return;
    }
    const { handshake, endpoint, hello } = pending;
    if (!agrees(socket, hello)) return deny(socket, handshake, 'two readings of a ClientHello');
    const serverName = hello?.serverName ?? null;
    const { client } = endpoint.entry;
    const judge = client?.judge ?? this.tls.judgeOthers;
    if (judge === undefined) return handshake.onSecure(socket, null);
    const judgement = judged(() => judge(evidenceOf(socket, serverName)));
    if (judgement.client === null) return deny(socket, handshake, judgement.reason);
    handshake.onSecure(socket, judgement.client);
  }

  onFailed(error: Error, socket: TLSSocket): void {
    socket.destroy();
    const handshake = this.take(socket)?.handshake;
    const fault = socket.authorizationError as unknown;
    // Node has destroyed it by itself, and names no other cause.
    if (typeof fault === 'string' && fault !== '') handshake?.onDenied(fault);
    else if (systemCode(error) === NO_CERTIFICATE) handshake?.onDenied('missing');
    else handshake?.onRefused(systemCode(error) || error.message);
  }

  /** The TLS socket knows the one below it by this name only. */
  private take(socket: TLSSocket): Pending | null {
    const raw = (socket as unknown as { _parent?: object | null })._parent ?? null;
    const pending = raw === null ? undefined : this.pending.get(raw);
    if (raw !== null) this.pending.delete(raw);
    return pending ?? null;
  }
}

const NO_CERTIFICATE = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';

function lookUp<T>(names: ReadonlyMap<string, T>, name: string): T | undefined {
  return names.get(name) ?? names.get(wildcardOf(name));
}

function hasName(names: readonly string[], name: string): boolean {
  return names.includes(name) || names.includes(wildcardOf(name));
}

/** `*.example.org` for `shop.example.org`: a wildcard stands for one label (RFC 9525, section 6.3). */
function wildcardOf(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? '' : `*${name.slice(dot)}`;
}

/**
 * Whether OpenSSL understood the name that the endpoint was chosen by. It hides the name of a resumed session of TLS
 * 1.2; there the key of the ticket has told whose it is.
 */
function agrees(socket: TLSSocket, hello: ClientHello | null): boolean {
  if (hello === null) return false;
  const { servername } = socket as unknown as { servername?: unknown };
  if (typeof servername !== 'string' || servername === '')
    return hello.serverName === null || socket.isSessionReused();
  return plainName(servername) === hello.serverName;
}

function deny(socket: TLSSocket, handshake: Handshake, reason: string): void {
  socket.on('error', () => undefined);
  socket.destroy();
  handshake.onDenied(reason);
}

/** A judge that throws has let nobody in. */
function judged(judge: () => Judgement): Judgement {
  try {
    return judge();
  } catch (thrown) {
    reportDefect(thrown);
    return { client: null, reason: 'a defect' };
  }
}
