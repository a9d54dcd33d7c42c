// HOT: the only file that touches a socket; how bytes are read and written can be changed here alone.
import { connect, Socket } from 'node:net';
import type { OnReadOpts, SocketConstructorOpts, TcpNetConnectOpts } from 'node:net';
import { systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { returnWriteBuffer } from './write-buffers.ts';

/** What happens on a socket. `onClosed` is the last call. */
export interface SocketOwner {
  onConnected(): void;
  /** The bytes are valid during the call only. */
  onBytes(bytes: Buffer): void;
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

/** A socket that connects. */
export function connecting(host: string, port: number): SocketSource {
  const options = { host, port, noDelay: true, allowHalfOpen: true, highWaterMark: LIMITS.socketBufferBytes };
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

function readPlainly(socket: Socket, onread: OnReadOpts): Socket {
  socket.on('data', (bytes: Buffer) => {
    for (let from = 0; from < bytes.length; from += readBuffer.length) {
      onread.callback(bytes.copy(readBuffer, 0, from), readBuffer);
    }
  });
  return socket.resume();
}

/** A socket without streams between it and its owner: one place that catches what a handler throws, and never throws itself. */
export class WireSocket {
  private readonly socket: Socket;
  private readonly owner: SocketOwner;
  private errorCode = '';
  private paused = false;
  private ended = false;
  private readonly flushed: () => void;

  constructor(source: SocketSource, owner: SocketOwner) {
    const socket = source({ buffer: readBuffer, callback: (count) => this.read(count) });
    this.socket = socket;
    this.owner = owner;
    this.flushed = () => this.guard(() => owner.onFlushed());
    socket.on('error', (error) => (this.errorCode = systemCode(error)));
    socket.on('close', () => this.guard(() => owner.onClosed(this.errorCode)));
    socket.on('drain', () => this.guard(() => owner.onDrained()));
    socket.on('end', () => this.guard(() => owner.onEof()));
    socket.on('connect', () => this.guard(() => owner.onConnected()));
  }

  private read(count: number): true {
    try {
      this.owner.onBytes(count === readBuffer.length ? readBuffer : readBuffer.subarray(0, count));
    } catch (error) {
      this.owner.onDefect(error);
    }
    return true;
  }

  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.owner.onDefect(error);
    }
  }

  /** Peer address; an IPv4 address in IPv6 dress is undressed. */
  get remoteAddress(): string {
    const address = this.socket.remoteAddress ?? '';
    return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
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
    this.socket.resetAndDestroy();
  }
}
