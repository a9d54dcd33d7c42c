// HOT: the only file that touches a socket; how bytes are read and written can be changed here alone.
import { connect, Socket } from 'node:net';
import type { OnReadOpts, SocketConstructorOpts, TcpNetConnectOpts } from 'node:net';
import { systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { unixPath } from '../core/unix-address.ts';
import { returnWriteBuffer } from './write-buffers.ts';

/** What happens on a socket. `onClosed` is the last call. */
export interface SocketOwner {
  onConnected(): void;
  /** Bytes `[0, length)`, valid during the call only. */
  onBytes(bytes: Buffer, length: number): void;
  /** Room again after the socket was congested. */
  onDrained(): void;
  /** Everything written before {@link WireSocket.tellFlushed} is in the kernel. */
  onFlushed(): void;
  /** The peer will send no more. */
  onEof(): void;
  /** @param code the system's error (`ECONNRESET`), or '' */
  onClosed(code: string): void;
  onDefect(thrown: unknown): void;
}

/** What every socket reads into: its bytes are used or copied before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(LIMITS.socketBufferBytes);

/** Makes the socket that reads as it is told. */
export type SocketSource = (onread: OnReadOpts) => Socket;

/** A socket that connects; the host may be a unix socket. */
export function connecting(host: string, port: number): SocketSource {
  const path = unixPath(host);
  const to = path === null ? { host, port, noDelay: true } : { path };
  const options = { ...to, allowHalfOpen: true, highWaterMark: LIMITS.socketBufferBytes };
  return (onread) => connect({ ...options, onread } as TcpNetConnectOpts);
}

/**
 * An accepted socket that has not been read from. Its handle moves into a socket that reads into our buffer, which
 * Node has an option for only where sockets connect; a Node that does not let the handle go is read the plain way.
 */
export function accepted(socket: Socket): SocketSource {
  return (onread) => {
    const holder = socket as unknown as { _handle?: object | null };
    const handle = holder._handle;
    if (typeof handle !== 'object' || handle === null) return readPlainly(socket, onread);
    holder._handle = null;
    const options = { handle, onread, allowHalfOpen: true, highWaterMark: LIMITS.socketBufferBytes };
    return new Socket(options as SocketConstructorOpts);
  };
}

/** The way that every Node has: one copy more. */
export function readPlainly(socket: Socket, onread: OnReadOpts): Socket {
  socket.on('data', (bytes: Buffer) => {
    for (let from = 0; from < bytes.length; from += readBuffer.length) {
      onread.callback(bytes.copy(readBuffer, 0, from), readBuffer);
    }
  });
  return socket.resume();
}

/** Address of a peer, IPv4 in IPv6 dress undressed; '' when there is none any more. */
export function peerAddress(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Unix sockets know no reset: there an answer can only be seen to be cut off by its framing. */
function canReset(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: { reset?: unknown } | null };
  return handle === null || handle === undefined || typeof handle.reset === 'function';
}

/** A socket without streams between it and its owner: one place that catches what a handler throws, and never throws itself. */
export class WireSocket {
  protected readonly socket: Socket;
  protected owner: SocketOwner;
  private errorCode = '';
  private paused = false;
  private ended = false;
  private readonly flushed: () => void;

  constructor(source: SocketSource, owner: SocketOwner) {
    const socket = source({ buffer: readBuffer, callback: (count) => this.read(count) });
    this.socket = socket;
    this.owner = owner;
    this.flushed = () => this.guard(() => this.owner.onFlushed());
    socket.on('error', (error) => (this.errorCode = systemCode(error)));
    socket.on('close', () => this.guard(() => this.owner.onClosed(this.errorCode)));
    socket.on('drain', () => this.guard(() => this.owner.onDrained()));
    socket.on('end', () => this.guard(() => this.owner.onEof()));
    const connected = 'encrypted' in socket ? 'secureConnect' : 'connect';
    socket.on(connected, () => this.guard(() => this.owner.onConnected()));
  }

  private read(count: number): true {
    try {
      this.owner.onBytes(readBuffer, count);
    } catch (error) {
      this.owner.onDefect(error);
    }
    return true;
  }

  protected guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.owner.onDefect(error);
    }
  }

  /** Another owner hears from now on what happens on it. */
  handOver(owner: SocketOwner): void {
    this.owner = owner;
  }

  /** Peer address; an IPv4 address in IPv6 dress is undressed. */
  get remoteAddress(): string {
    return peerAddress(this.socket);
  }

  /** Whether nothing can be written any more. */
  get isDead(): boolean {
    return this.socket.destroyed || this.ended || this.socket.errored !== null;
  }

  /** Bytes that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.socket.writableLength;
  }

  /** Whether bytes or the end of our side are still to be taken. */
  get isFlushing(): boolean {
    return !this.socket.destroyed && !this.socket.writableFinished;
  }

  /** Whether a writer should wait for `onDrained`. */
  get isCongested(): boolean {
    return !this.isDead && this.socket.writableLength >= this.socket.writableHighWaterMark;
  }

  /**
   * A number that changes whenever the kernel takes bytes. `writeQueueSize` is what Node's own socket timeout
   * looks at; without it only whole writes count as progress.
   */
  get progress(): number {
    const handle = (this.socket as unknown as { _handle?: { writeQueueSize?: number } | null })._handle;
    return this.socket.writableLength + (handle?.writeQueueSize ?? 0) * 2 ** 20;
  }

  /** Bytes that the kernel has taken so far; a Node that does not count them counts whole writes. */
  get takenBytes(): number {
    const handle = (
      this.socket as unknown as { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null }
    )._handle;
    const dispatched = handle?.bytesWritten ?? this.socket.bytesWritten - this.socket.writableLength;
    return dispatched - (handle?.writeQueueSize ?? 0);
  }

  /** Writes latin1 text. */
  writeText(text: string): void {
    if (!this.isDead) this.socket.write(text, 'latin1');
  }

  /** Writes the first bytes of a write buffer and returns it when the kernel has them; not when the write failed. */
  writeBuffer(buffer: Buffer, bytes: number): void {
    if (this.isDead) return returnWriteBuffer(buffer);
    const whole = bytes === buffer.length ? buffer : buffer.subarray(0, bytes);
    this.socket.write(whole, (error) => {
      if (error === null || error === undefined) returnWriteBuffer(buffer);
    });
  }

  /** Asks for one `onFlushed`. */
  tellFlushed(): void {
    if (!this.isDead) this.socket.write('', 'latin1', this.flushed);
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }

  /** Ends our direction after everything that was written. */
  end(): void {
    if (this.isDead) return;
    this.ended = true;
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends with a reset: an answer that ends with the connection must not look complete. */
  reset(): void {
    if (canReset(this.socket)) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }
}
