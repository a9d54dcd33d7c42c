// HOT: the only file that touches a socket; how bytes are read and written can be changed here alone.
import type { Socket } from 'node:net';
import { systemCode } from '../core/errors.ts';

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

/** A socket with plain reads: one place that catches what a handler throws, and never throws itself. */
export class WireSocket {
  private readonly socket: Socket;
  private readonly owner: SocketOwner;
  private errorCode = '';
  private paused = false;
  private ended = false;
  private readonly flushed: () => void;

  constructor(socket: Socket, owner: SocketOwner) {
    this.socket = socket;
    this.owner = owner;
    this.flushed = () => this.guard(() => owner.onFlushed());
    socket.on('error', (error) => (this.errorCode = systemCode(error)));
    socket.on('close', () => this.guard(() => owner.onClosed(this.errorCode)));
    socket.on('drain', () => this.guard(() => owner.onDrained()));
    socket.on('end', () => this.guard(() => owner.onEof()));
    socket.on('connect', () => this.guard(() => owner.onConnected()));
    socket.on('data', (bytes: Buffer) => {
      try {
        owner.onBytes(bytes);
      } catch (error) {
        owner.onDefect(error);
      }
    });
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
    return this.socket.destroyed || this.ended;
  }

  get isPaused(): boolean {
    return this.paused;
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

  /** Writes latin1 text. */
  writeText(text: string): void {
    if (!this.isDead) this.socket.write(text, 'latin1');
  }

  /** Writes bytes that nobody changes afterwards. */
  writeOwned(bytes: Buffer): void {
    if (!this.isDead) this.socket.write(bytes);
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
