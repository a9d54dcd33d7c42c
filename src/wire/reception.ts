import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionClient } from '../core/client-identity.ts';
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { UNIX_PEER } from '../core/unix-address.ts';
import { readClientHello, type ClientHello } from './client-hello.ts';
import { reportDefect } from './defect.ts';
import { readProxyHeader } from './proxy-header.ts';
import type { SecureListener } from './secure-listener.ts';
import { SecureSocket, securely } from './secure-socket.ts';
import { accepted, peerAddress, WireSocket, type SocketOwner } from './socket.ts';
import type { Sweeper, Swept } from './sweeper.ts';

/** What happens on a listener before the first byte of HTTP. */
export interface Doorway {
  readonly isUnix: boolean;
  readonly secure: SecureListener | null;
  /** Whether a peer is a proxy that says who its clients are; null where no peer is asked. */
  readonly trusts: ((address: string) => boolean) | null;
}

/** A connection that may speak HTTP now. */
export interface Admitted {
  readonly remoteAddress: string;
  /** Null: nobody was asked who it is. */
  readonly client: ConnectionClient | null;
  /** Bytes of HTTP that were read already; empty for most. */
  readonly early: Buffer;
  open(owner: SocketOwner): WireSocket;
  /** The socket of a client that chose HTTP/2 in its handshake; null for every other. */
  readonly h2: TLSSocket | null;
}

/** What a reception needs from its server; one of the two is called, once. */
export interface ReceptionHost {
  readonly sweeper: Sweeper;
  onAdmitted(reception: Reception, admitted: Admitted): void;
  /** The socket is closed or about to be. @param code null when the peer just left */
  onTurnedAway(reception: Reception, code: FailureCode | null, address: string, detail: string): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * One connection on its way in: the PROXY header of a trusted peer first, then the handshake. A peer that is not
 * trusted is refused where a header is asked for: nothing is guessed.
 */
export class Reception implements Swept {
  readonly listener: number;
  private readonly raw: Socket;
  private readonly doorway: Doorway;
  private readonly host: ReceptionHost;
  /** When it was accepted, on the sweeper. */
  readonly startedMs: number;
  private readonly deadlineMs: number;
  private readonly peer: string;
  private address: string;
  private header: Buffer = NOTHING;
  private hello: Buffer = NOTHING;
  private code: FailureCode = 'proxy_header';
  private over = false;

  constructor(raw: Socket, listener: number, doorway: Doorway, host: ReceptionHost, timeoutMs: number) {
    this.raw = raw;
    this.listener = listener;
    this.doorway = doorway;
    this.host = host;
    this.peer = doorway.isUnix ? UNIX_PEER : peerAddress(raw);
    this.address = this.peer;
    this.startedMs = host.sweeper.nowMs;
    this.deadlineMs = host.sweeper.deadline(timeoutMs);
    raw.on('error', () => undefined);
    raw.on('close', () => this.onClosed());
  }

  /** Begins; callbacks may come before it returns. */
  start(): void {
    const { trusts } = this.doorway;
    if (trusts === null) return this.shake(NOTHING);
    // Reset while it waited to be accepted: nobody is there who could be trusted or not.
    if (this.peer === '') return this.turnAway(null, 'the peer left');
    if (!trusts(this.peer)) return this.turnAway('proxy_header', 'the peer is no trusted proxy');
    this.raw.on('readable', this.onReadable);
    this.raw.on('end', this.onEnd);
  }

  private readonly onReadable = (): void => {
    try {
      const bytes = this.raw.read() as Buffer | null;
      if (bytes === null || this.over) return;
      if (this.code === 'tls_handshake') this.readHello(bytes);
      else this.readHeader(bytes);
    } catch (error) {
      this.onDefect(error);
    }
  };

  /** Node closes a socket whose certificate it refuses, and says why a moment later. */
  private onClosed(): void {
    if (this.doorway.secure === null) this.onEnd();
    else setImmediate(this.onEnd);
  }

  private readonly onEnd = (): void => this.turnAway(null, 'the peer left');

  private readHeader(bytes: Buffer): void {
    this.header = this.header.length === 0 ? bytes : Buffer.concat([this.header, bytes]);
    const read = readProxyHeader(this.header);
    if (read.kind === 'more') return;
    if (read.kind === 'refused') return this.turnAway('proxy_header', read.why);
    this.address = read.address ?? this.peer;
    const early = this.header.subarray(read.bytes);
    if (this.doorway.secure === null) this.deafen();
    this.shake(early);
  }

  /** What comes is no longer read here. */
  private deafen(): void {
    this.raw.off('readable', this.onReadable);
    this.raw.off('end', this.onEnd);
  }

  private shake(early: Buffer): void {
    const { secure } = this.doorway;
    if (secure === null)
      return this.admit(early, null, null, (owner) => new WireSocket(accepted(this.raw), owner));
    const isListening = this.code === 'proxy_header' && this.header.length > 0;
    this.code = 'tls_handshake';
    if (!isListening) {
      this.raw.on('readable', this.onReadable);
      this.raw.on('end', this.onEnd);
    }
    if (early.length > 0) this.readHello(early);
  }

  /** The first message says which name is asked for: that decides whose handshake it is. */
  private readHello(bytes: Buffer): void {
    this.hello = this.hello.length === 0 ? bytes : Buffer.concat([this.hello, bytes]);
    const read = readClientHello(this.hello, LIMITS.clientHelloBytes);
    if (read.kind === 'more') return;
    this.deafen();
    this.raw.unshift(this.hello);
    this.hello = NOTHING;
    this.secure(read.kind === 'hello' ? read.hello : null);
  }

  private secure(hello: ClientHello | null): void {
    this.doorway.secure?.shake(this.raw, hello, {
      onSecure: (socket, client) => this.onSecure(socket, client),
      onRefused: (reason) => this.turnAway(reason === 'ECONNRESET' ? null : 'tls_handshake', reason),
      onDenied: (reason) => this.turnAway('client_certificate', reason),
    });
  }

  private onSecure(socket: TLSSocket, client: ConnectionClient | null): void {
    socket.on('error', () => undefined);
    const h2 = socket.alpnProtocol === 'h2' ? socket : null;
    this.admit(NOTHING, client, h2, (owner) => new SecureSocket(securely(socket), owner, this.raw));
  }

  private admit(
    early: Buffer,
    client: ConnectionClient | null,
    h2: TLSSocket | null,
    open: Admitted['open'],
  ): void {
    if (this.over) return;
    this.over = true;
    this.host.onAdmitted(this, { remoteAddress: this.address, client, early, open, h2 });
  }

  /** Ends it without a word: there is no protocol yet in which one could be said. */
  cut(): void {
    this.turnAway(null, 'the gateway stops');
  }

  private turnAway(code: FailureCode | null, detail: string): void {
    if (this.over) return;
    this.over = true;
    this.raw.destroy();
    this.host.onTurnedAway(this, code, this.peer, detail);
  }

  onSweep(nowMs: number): void {
    if (nowMs >= this.deadlineMs) this.turnAway(this.code, 'not complete in time');
  }

  onDefect(thrown: unknown): void {
    reportDefect(thrown);
    this.turnAway('internal', 'a defect');
  }
}
