import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { UNIX_PEER, unixPath } from '../core/unix-address.ts';
import type { FailureCode } from '../core/errors.ts';
import { AddressCounts } from './address-counts.ts';
import { H2Connection } from './h2-connection.ts';
import { Reception, type Admitted, type Doorway, type ReceptionHost } from './reception.ts';
import { SecureListener } from './secure-listener.ts';
import { ServerConnection, type ConnectionHost } from './server-connection.ts';
import { peerAddress } from './socket.ts';
import { Sweeper } from './sweeper.ts';
import type {
  ListenAddress,
  ListenTls,
  RefusedConnections,
  RequestAcceptor,
  ServerOptions,
  WireServer,
} from './types.ts';

/** The client side of the gateway; see {@link WireServer}. */
export function createWireServer(acceptor: RequestAcceptor, options: ServerOptions): WireServer {
  return new SocketServer(acceptor, options);
}

/** A client connection, whatever it speaks. */
type Connection = ServerConnection | H2Connection;

class SocketServer implements WireServer, ConnectionHost, ReceptionHost {
  readonly acceptor: RequestAcceptor;
  readonly sweeper = new Sweeper();
  draining = false;

  private options: ServerOptions;
  private readonly listeners = new Set<Server>();
  private readonly secured = new Map<number, SecureListener>();
  private readonly open = new Set<Connection>();
  /** Connections above the limit that are being told so. */
  private readonly overflow = new Set<Connection>();
  /** Connections before their first byte of HTTP, on listeners that have something to say before it. */
  private readonly arriving = new Set<Reception>();
  readonly refused: RefusedConnections = { limit: 0, dropped: 0, address: 0 };
  private readonly addresses = new AddressCounts<object>();
  private accepted = 0;
  private drained: Promise<number> | null = null;
  private onEmpty: (() => void) | null = null;

  constructor(acceptor: RequestAcceptor, options: ServerOptions) {
    this.acceptor = acceptor;
    this.options = options;
  }

  get connections(): number {
    return this.open.size + this.arriving.size;
  }

  states(): ReturnType<WireServer['states']> {
    const states = { idle: 0, head: 0, exchange: 0, closing: this.overflow.size };
    for (const connection of this.open) states[connection.state] += 1;
    return states;
  }

  reconfigure(options: ServerOptions): void {
    this.options = options;
  }

  secure(index: number, tls: ListenTls): void {
    this.secured.get(index)?.configure(tls);
  }

  listen(address: ListenAddress): Promise<number> {
    if (this.drained !== null) return Promise.reject(new CutoverError('DRAINING', 'the server is draining'));
    const options = {
      noDelay: true,
      allowHalfOpen: true,
      pauseOnConnect: true,
      highWaterMark: LIMITS.socketBufferBytes,
    };
    const doorway = doorwayOf(address);
    if (doorway?.secure) this.secured.set(address.index, doorway.secure);
    const { index, host, port, reusePort } = address;
    const listener = createServer(options, (socket) =>
      doorway === null ? this.accept(socket, index) : this.receive(socket, index, doorway),
    );
    const path = unixPath(host);
    const place = path === null ? { host, port, reusePort } : { path };
    return new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ ...place, exclusive: true, backlog: 1024 }, () => {
        listener.off('error', reject);
        // An accept that fails (EMFILE, say) must not end the process; the listener goes on.
        listener.on('error', () => undefined);
        this.listeners.add(listener);
        resolve(path === null ? (listener.address() as AddressInfo).port : 0);
      });
    });
  }

  private accept(socket: Socket, index: number): void {
    this.accepted += 1;
    const isOver = this.connections >= this.options.maxConnections;
    const isOneTooMany = this.isLimited && this.hasEnough(peerAddress(socket));
    if ((isOver || isOneTooMany) && this.overflow.size >= LIMITS.overflowConnections) {
      this.refused[isOneTooMany ? 'address' : 'dropped'] += 1;
      return drop(socket);
    }
    const connection = new ServerConnection(socket, index, this, this.options);
    this.sweeper.add(connection);
    if (isOneTooMany) this.turnAway(connection, 'address');
    else if (isOver) this.turnAway(connection, 'limit');
    else this.take(connection);
  }

  private get isLimited(): boolean {
    return (this.options.maxPerAddress ?? 0) > 0;
  }

  /** Whether an address has as many connections as one may have; proxies speak for many, sockets on this machine have none. */
  private hasEnough(address: string): boolean {
    if (!isClient(address) || this.options.speaksForMany?.(address) === true) return false;
    return this.addresses.count(address) >= (this.options.maxPerAddress ?? 0);
  }

  private take(connection: Connection): void {
    this.open.add(connection);
    const { remoteAddress } = connection;
    if (this.isLimited && isClient(remoteAddress)) this.addresses.hold(connection, remoteAddress);
  }

  private turnAway(connection: Connection, why: 'limit' | 'address'): void {
    this.refused[why] += 1;
    if (this.overflow.size >= LIMITS.overflowConnections) return connection.cut('overloaded');
    this.overflow.add(connection);
    connection.turnAway(why === 'limit' ? 'overloaded' : 'address_limit');
  }

  /** A connection that cannot be told why it is one too many, before a handshake that costs more than an answer. */
  private receive(socket: Socket, index: number, doorway: Doorway): void {
    this.accepted += 1;
    if (this.connections >= this.options.maxConnections) return this.refuse(socket, 'dropped', '');
    // Where a PROXY header comes first, nobody knows yet who it is.
    const peer = this.isLimited && doorway.trusts === null && !doorway.isUnix ? peerAddress(socket) : '';
    if (peer !== '' && this.hasEnough(peer)) return this.refuse(socket, 'address', peer);
    const timeoutMs = Math.min(this.options.headTimeoutMs, LIMITS.receptionTimeoutMs);
    const reception = new Reception(socket, index, doorway, this, timeoutMs);
    this.arriving.add(reception);
    if (peer !== '' && isClient(peer)) this.addresses.hold(reception, peer);
    this.sweeper.add(reception);
    reception.start();
  }

  private refuse(socket: Socket, why: 'dropped' | 'address', peer: string): void {
    this.refused[why] += 1;
    const code = why === 'dropped' ? 'overloaded' : 'address_limit';
    this.acceptor.onRefused(code, 0, peer, 'connection limit reached');
    drop(socket);
  }

  onAdmitted(reception: Reception, admitted: Admitted): void {
    this.leave(reception);
    const { h2 } = admitted;
    const connection =
      h2 === null
        ? new ServerConnection(admitted, reception.listener, this, this.options)
        : new H2Connection({ ...admitted, socket: h2 }, reception.listener, this, this.options);
    // One time for all that comes before the first request is complete.
    if (connection.deadlineMs > 0) connection.deadlineMs -= this.sweeper.nowMs - reception.startedMs;
    this.sweeper.add(connection);
    if (this.isLimited && this.hasEnough(admitted.remoteAddress)) return this.turnAway(connection, 'address');
    this.take(connection);
    if (admitted.early.length > 0 && connection instanceof ServerConnection) feed(connection, admitted.early);
  }

  onTurnedAway(reception: Reception, code: FailureCode | null, address: string, detail: string): void {
    this.leave(reception);
    if (code !== null) this.acceptor.onRefused(code, 0, address, detail);
    if (this.connections === 0) this.onEmpty?.();
  }

  private leave(reception: Reception): void {
    this.sweeper.remove(reception);
    this.arriving.delete(reception);
    this.addresses.release(reception);
  }

  onConnectionClosed(connection: Connection): void {
    this.sweeper.remove(connection);
    this.overflow.delete(connection);
    this.open.delete(connection);
    this.addresses.release(connection);
    if (this.connections === 0) this.onEmpty?.();
  }

  drain(deadlineMs: number): Promise<number> {
    this.drained ??= this.drainOnce(deadlineMs);
    return this.drained;
  }

  private async drainOnce(deadlineMs: number): Promise<number> {
    for (const listener of this.listeners) narrow(listener);
    await this.emptyAcceptQueues();
    for (const listener of this.listeners) listener.close();
    // Not before: an answer that ends its connection brings the client back, to the listener that is about to close.
    this.draining = true;
    const idle = setTimeout(() => this.closeIdle(), LIMITS.drainIdleMs);
    if (this.connections > 0) await this.allClosed(deadlineMs);
    clearTimeout(idle);
    let busy = 0;
    for (const reception of this.arriving) reception.cut();
    for (const connection of this.open) {
      if (connection.isBusy) busy += 1;
      connection.cut('draining');
    }
    for (const connection of this.overflow) connection.cut('draining');
    return busy;
  }

  private closeIdle(): void {
    for (const connection of this.open) connection.closeIfIdle();
  }

  /** A closing listener resets what waits in its accept queue: accept until some turns bring nothing new. */
  private async emptyAcceptQueues(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; turn < LIMITS.acceptDrainTurns && quiet < LIMITS.acceptQuietTurns; turn += 1) {
      const before = this.accepted;
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.accepted === before ? quiet + 1 : 0;
    }
  }

  private allClosed(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.onEmpty?.(), deadlineMs);
      this.onEmpty = () => {
        this.onEmpty = null;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What a listener has to do before HTTP, or null: most have nothing, and pay nothing for it. */
function doorwayOf({ host, tls, trustsProxy }: ListenAddress): Doorway | null {
  const isUnix = unixPath(host) !== null;
  if (tls === undefined && trustsProxy === undefined && !isUnix) return null;
  return {
    isUnix,
    secure: tls === undefined ? null : new SecureListener(tls),
    trusts: trustsProxy ?? null,
  };
}

/** Hands a connection the bytes that were read with what came before HTTP. */
function feed(connection: ServerConnection, bytes: Buffer): void {
  try {
    connection.onBytes(bytes, bytes.length);
  } catch (error) {
    connection.onDefect(error);
  }
}

/** Whether it is an address that can be counted: a unix socket, and a peer that has left, have none. */
function isClient(address: string): boolean {
  return address !== '' && address !== UNIX_PEER;
}

function drop(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.destroy();
}

/**
 * Asks the kernel for the shortest accept queue, by listening once more: a new connection then waits in the client's
 * kernel, which tries again, instead of in a queue that is thrown away. Where that is not possible the queue stays long.
 */
function narrow(listener: Server): void {
  const { _handle: handle } = listener as Server & {
    _handle?: { listen?: (backlog: number) => number } | null;
  };
  handle?.listen?.(0);
}
