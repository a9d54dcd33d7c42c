// HOT: gathers head and body of small messages into one text: one system call, no copy.
import { LIMITS } from '../core/limits.ts';
import { putText, textOf } from './latin1.ts';
import type { WireSocket } from './socket.ts';
import { takeWriteBuffer } from './write-buffers.ts';

/** What one connection sends. Whoever queues text sees to it that {@link flush} is called in the same turn. */
export class Output {
  /** Bytes queued since the connection began. */
  bytes = 0;
  private readonly socket: WireSocket;
  private text = '';

  constructor(socket: WireSocket) {
    this.socket = socket;
  }

  /** Whether anything is on its way to the kernel. */
  get isIdle(): boolean {
    return this.text === '' && this.socket.pendingBytes === 0;
  }

  queueText(text: string): void {
    this.bytes += text.length;
    this.text += text;
    if (this.text.length > LIMITS.gatherBytes) this.flush();
  }

  /** Queues a chunk, copied before this returns. */
  queueBytes(chunk: Uint8Array): void {
    const { length } = chunk;
    if (this.text.length + length <= LIMITS.gatherBytes) {
      this.queueText(textOf(chunk, 0, length));
      return;
    }
    this.bytes += length;
    const bytes = this.text.length + length;
    const buffer = takeWriteBuffer(bytes);
    buffer.set(chunk, putText(buffer, this.text, 0));
    this.text = '';
    this.socket.writeBuffer(buffer, bytes);
  }

  /** Queues a chunk in the chunked coding; an empty one would end the body and is left out. */
  queueChunk(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.queueText(`${chunk.length.toString(16)}\r\n`);
    this.queueBytes(chunk);
    this.queueText('\r\n');
  }

  /** Takes back what was queued and not handed to the socket. */
  takeText(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  /** Bytes that were handed to the socket. */
  get flushedBytes(): number {
    return this.bytes - this.text.length;
  }

  /** Hands everything to the socket. */
  flush(): void {
    if (this.text === '') return;
    const { text } = this;
    this.text = '';
    this.socket.writeText(text);
  }
}
