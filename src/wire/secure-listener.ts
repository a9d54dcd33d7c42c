import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { LIMITS } from '../core/limits.ts';
import { systemCode } from '../core/errors.ts';
import { ALPN_PROTOCOLS, TLS_POLICY } from './tls-policy.ts';
import type { ListenTls } from './types.ts';

/** Hears how a handshake went; one of the two is called, once, or none when the socket was destroyed by its owner. */
export interface Handshake {
  onSecure(socket: TLSSocket): void;
  /** @param reason what Node calls the failure: `ERR_SSL_NO_SHARED_CIPHER` */
  onRefused(reason: string): void;
}

/** The TLS side of one listener: handshakes on sockets that somebody else accepted. */
export class SecureListener {
  private readonly server: Server;
  private readonly pending = new WeakMap<object, Handshake>();

  /** @throws when the certificate and the key do not belong together, or cannot be read */
  constructor({ cert, key }: ListenTls) {
    this.server = createServer({
      ...TLS_POLICY,
      cert,
      key,
      ALPNProtocols: ALPN_PROTOCOLS,
      handshakeTimeout: LIMITS.receptionTimeoutMs,
      honorCipherOrder: true,
    });
    this.server.on('secureConnection', (socket) => {
      const handshake = this.take(socket);
      socket.allowHalfOpen = true;
      if (handshake === null) socket.destroy();
      else handshake.onSecure(socket);
    });
    this.server.on('tlsClientError', (error, socket) => {
      socket.destroy();
      this.take(socket)?.onRefused(systemCode(error) || error.message);
    });
  }

  /**
   * Starts a handshake on a socket from which nothing of it was read; bytes that were read are unshifted before. A peer
   * that ends its side before it is through has left; after it, that is a half-close like any other.
   */
  shake(raw: Socket, handshake: Handshake): void {
    raw.allowHalfOpen = false;
    this.pending.set(raw, handshake);
    this.server.emit('connection', raw);
  }

  /** The TLS socket knows the one below it by this name only. */
  private take(socket: TLSSocket): Handshake | null {
    const raw = (socket as unknown as { _parent?: object | null })._parent ?? null;
    const handshake = raw === null ? undefined : this.pending.get(raw);
    if (raw !== null) this.pending.delete(raw);
    return handshake ?? null;
  }
}
