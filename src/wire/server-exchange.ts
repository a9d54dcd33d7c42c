// HOT: one object per request; everything else belongs to the connection and is reused.
import type { ConnectionClient } from '../core/client-identity.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import {
  answerFraming,
  answerText,
  CONTINUE,
  informText,
  switchText,
  type AnswerFraming,
  LAST_CHUNK,
} from './head-writer.ts';
import type { ServerConnection } from './server-connection.ts';
import { ServerEnd } from './tunnel.ts';
import type { Inbound, InboundHandler, RequestHead, ResponseHead, SwitchedConnection } from './types.ts';

/**
 * One request on a client connection. After its end, or the end of its connection, every method does nothing and
 * `write` returns true, so that no handler waits for a peer that is gone.
 */
export class ServerExchange implements Inbound {
  readonly head: RequestHead;
  readonly startedUs: number;
  readonly remoteAddress: string;
  readonly client: ConnectionClient | null;
  readonly listener: number;
  /** What its head left of the time for one. */
  headLeftMs = 0;
  bytesIn = 0;
  handler: InboundHandler | null = null;
  /** The last callback was made, or is about to be. */
  isOver = false;
  /** The request's body was delivered completely. */
  bodyDone = false;
  responded = false;
  ended = false;
  /** `write` returned false and `onWritable` is owed. */
  blocked = false;

  private readonly connection: ServerConnection;
  private readonly outputStart: number;
  private outputEnd = -1;
  private paused = false;
  private continueOwed: boolean;
  private framing: AnswerFraming = 'none';
  private left = 0;

  constructor(connection: ServerConnection, head: RequestHead, startedUs: number) {
    this.connection = connection;
    this.head = head;
    this.startedUs = startedUs;
    this.remoteAddress = connection.remoteAddress;
    this.client = connection.client;
    this.listener = connection.listener;
    this.outputStart = connection.output.bytes;
    this.continueOwed = head.expectsContinue;
  }

  get bytesOut(): number {
    return (this.outputEnd === -1 ? this.connection.output.bytes : this.outputEnd) - this.outputStart;
  }

  /** Whether body events may be delivered. */
  get isFlowing(): boolean {
    return !this.paused && !this.ended && !this.isOver;
  }

  /** Whether the answer has begun and ends with the connection. */
  get endsWithClose(): boolean {
    return this.responded && this.framing === 'close';
  }

  /** Whether the next byte is the client's to send. */
  get awaitsBody(): boolean {
    return !this.bodyDone && this.isFlowing;
  }

  handle(handler: InboundHandler): void {
    this.handler = handler;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (!this.isOver) this.connection.wake();
  }

  /** Body bytes are wanted and none are here: the moment for 100 (RFC 9110, section 10.1.1). */
  sendContinue(): void {
    if (!this.continueOwed) return;
    this.continueOwed = false;
    if (this.responded) return;
    this.connection.output.queueText(CONTINUE);
    this.connection.wake();
  }

  /** The client did not wait for 100. */
  skipContinue(): void {
    this.continueOwed = false;
  }

  inform(status: number, fields: HeaderFields): void {
    if (this.isOver || this.responded || this.head.minorVersion === 0) return;
    this.connection.output.queueText(informText(status, fields));
    this.connection.wake();
  }

  closeAfter(): void {
    this.connection.closeAsked = true;
  }

  respond(head: ResponseHead): void {
    if (this.isOver) return;
    if (this.responded) return this.destroy();
    this.responded = true;
    const { method, minorVersion } = this.head;
    this.framing = answerFraming(head, method, minorVersion);
    this.left = this.framing === 'length' ? head.contentLength : 0;
    const close = this.connection.decideClose(!this.connection.hasReadBody || this.framing === 'close');
    this.connection.output.queueText(answerText(head, method, minorVersion, close));
    this.connection.wake();
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver || this.ended) return true;
    if (!this.responded) return this.breakOff();
    if (this.framing === 'none') return true;
    const { output } = this.connection;
    if (this.framing === 'length') {
      this.left -= chunk.length;
      if (this.left < 0) return this.breakOff();
    }
    if (this.framing === 'chunked') output.queueChunk(chunk);
    else output.queueBytes(chunk);
    this.connection.wake();
    this.blocked = this.connection.socket.isCongested;
    return !this.blocked;
  }

  end(): void {
    if (this.isOver || this.ended) return;
    if (!this.responded || this.left > 0) return this.destroy();
    this.ended = true;
    if (this.framing === 'chunked') this.connection.output.queueText(LAST_CHUNK);
    this.outputEnd = this.connection.output.bytes;
    this.connection.wake();
  }

  destroy(): void {
    if (!this.isOver) this.connection.cut('aborted');
  }

  tunnel(head: ResponseHead, server: SwitchedConnection, idleMs: number): void {
    if (!(server instanceof ServerEnd)) throw new Error('a tunnel to a connection that is not the wire’s');
    if (this.isOver || this.responded || this.head.upgrade === '') return server.destroy();
    this.responded = true;
    this.connection.output.queueText(switchText(head, this.head.upgrade));
    this.connection.join(server, idleMs);
  }

  /** Last callback of a tunnel. @param code why it was cut, or null */
  endTunnel(code: FailureCode | null, bytesIn: number): void {
    this.bytesIn = bytesIn;
    if (code === null) this.finish();
    else this.abort(code);
  }

  private breakOff(): boolean {
    this.destroy();
    return true;
  }

  /** Last callback: the answer is out. */
  finish(): void {
    this.isOver = true;
    this.handler?.onFinished();
  }

  /** Last callback: it broke off. */
  abort(code: FailureCode): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.outputEnd === -1) this.outputEnd = this.connection.output.bytes;
    this.handler?.onAbort(code);
  }
}
