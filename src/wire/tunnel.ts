// HOT: bytes pass from one socket to the other unread; no allocation per read beyond the write itself.
import type { FailureCode } from '../core/errors.ts';
import { reportDefect } from './defect.ts';
import type { Output } from './output.ts';
import type { SocketOwner, WireSocket } from './socket.ts';
import type { Sweeper } from './sweeper.ts';
import type { SwitchedConnection } from './types.ts';

/** The pool that a tunnel's connection came from. */
export interface TunnelHost {
  /** The connection has ended, or was never used. */
  onTunnelOver(): void;
}

/** A connection to a server after its 101: out of its pool, with what it said behind the head. */
export class ServerEnd implements SwitchedConnection {
  private host: TunnelHost | null;
  readonly socket: WireSocket;
  readonly output: Output;
  /** Bytes behind the head, owned; and whether the server's direction ended after them. */
  readonly rest: Buffer;
  readonly eof: boolean;

  constructor(host: TunnelHost, socket: WireSocket, output: Output, rest: Buffer, eof: boolean) {
    this.host = host;
    this.socket = socket;
    this.output = output;
    this.rest = rest;
    this.eof = eof;
  }

  destroy(): void {
    this.socket.reset();
    this.release();
  }

  /** Tells its pool, once. */
  release(): void {
    this.host?.onTunnelOver();
    this.host = null;
  }
}

/** The client's connection, which hears when its tunnel is over. */
export interface TunnelOwner {
  readonly socket: WireSocket;
  readonly output: Output;
  /**
   * Both connections have ended; the last call.
   * @param code why it was cut, or null when each side ended its own direction
   * @param bytesIn bytes that came from the client
   */
  onTunnelOver(code: FailureCode | null, bytesIn: number): void;
}

/**
 * Two connections that pass bytes to each other (RFC 9110, section 7.8): one direction ends when its sender ends it,
 * a sender waits while its receiver is full, and both are reset when either breaks off, so that nothing that was cut
 * looks complete.
 */
export class Tunnel {
  private readonly owner: TunnelOwner;
  private readonly sweeper: Sweeper;
  private readonly idleMs: number;
  private readonly client: TunnelSide;
  private readonly server: TunnelSide;
  private readonly first: ServerEnd;
  private code: FailureCode | null = null;
  private isOver = false;
  private idleDeadlineMs = 0;
  private lastProgress = 0;

  /** @param idleMs silence of both directions after which it is cut; 0 is never */
  constructor(owner: TunnelOwner, server: ServerEnd, sweeper: Sweeper, idleMs: number) {
    this.owner = owner;
    this.sweeper = sweeper;
    this.idleMs = idleMs;
    this.first = server;
    this.client = new TunnelSide(this, owner.socket, owner.output, 'client_aborted');
    this.server = new TunnelSide(this, server.socket, server.output, 'upstream_reset');
    this.client.peer = this.server;
    this.server.peer = this.client;
  }

  /**
   * Takes both sockets over. The head of the 101 is queued already.
   * @param early what the client sent before it saw the 101; nobody has read it
   * @param eof the client will send no more
   */
  start(early: Buffer, eof: boolean): void {
    const { client, server, first } = this;
    client.socket.handOver(client);
    server.socket.handOver(server);
    client.output.flush();
    server.onBytes(first.rest, first.rest.length);
    client.onBytes(early, early.length);
    if (!server.socket.isCongested) client.socket.resume();
    if (!client.socket.isCongested) server.socket.resume();
    if (eof) client.onEof();
    if (first.eof) server.onEof();
  }

  /** Bytes moved. */
  touch(): void {
    this.idleDeadlineMs = this.sweeper.deadline(this.idleMs);
  }

  /** Ends both connections at once. */
  cut(code: FailureCode): void {
    if (this.isOver) return;
    this.code ??= code;
    this.client.socket.reset();
    this.server.socket.reset();
  }

  /** One of the sockets has closed. */
  closed(side: TunnelSide, isClean: boolean): void {
    if (!isClean) this.cut(side.lostCode);
    if (this.isOver || !this.client.isClosed || !this.server.isClosed) return;
    this.isOver = true;
    this.first.release();
    this.owner.onTunnelOver(this.code, this.client.bytes);
  }

  onDefect(thrown: unknown): void {
    reportDefect(thrown);
    this.cut('internal');
  }

  /** A receiver that takes what waits for it is not silent. */
  sweep(nowMs: number): void {
    const progress = this.client.socket.progress + this.server.socket.progress;
    if (progress !== this.lastProgress) this.touch();
    else if (this.idleDeadlineMs !== 0 && nowMs >= this.idleDeadlineMs) this.cut('tunnel_idle');
    this.lastProgress = progress;
  }
}

/** What one socket says goes to the other one. */
class TunnelSide implements SocketOwner {
  readonly socket: WireSocket;
  readonly output: Output;
  /** What it means when this socket is lost. */
  readonly lostCode: FailureCode;
  peer: TunnelSide = this;
  /** Bytes received. */
  bytes = 0;
  isClosed = false;
  private readonly tunnel: Tunnel;
  private hasEnded = false;

  constructor(tunnel: Tunnel, socket: WireSocket, output: Output, lostCode: FailureCode) {
    this.tunnel = tunnel;
    this.socket = socket;
    this.output = output;
    this.lostCode = lostCode;
  }

  onConnected(): void {
    // It is connected from the start.
  }

  onBytes(bytes: Buffer, length: number): void {
    const { peer } = this;
    this.bytes += length;
    this.tunnel.touch();
    peer.output.queueBytes(length === bytes.length ? bytes : bytes.subarray(0, length));
    peer.output.flush();
    if (peer.socket.isCongested) this.socket.pause();
  }

  onDrained(): void {
    if (!this.socket.isCongested) this.peer.socket.resume();
  }

  onFlushed(): void {
    // Whoever asked has ended.
  }

  onEof(): void {
    this.hasEnded = true;
    this.tunnel.touch();
    this.peer.socket.end();
  }

  onClosed(code: string): void {
    this.isClosed = true;
    this.tunnel.closed(this, this.hasEnded && code === '');
  }

  onDefect(thrown: unknown): void {
    this.tunnel.onDefect(thrown);
  }
}
