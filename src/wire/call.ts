// HOT: one object per call.
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { isIdempotentMethod } from '../core/methods.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Outbound, OutboundHandler, OutboundHead, ResponseHead, SwitchedConnection } from './types.ts';

/** Whether a request may be sent twice: idempotent, and without a body that would have to be kept. */
export function mayBeRepeated({ method, framing, contentLength }: OutboundHead): boolean {
  const hasBody = framing === 'chunked' || (framing === 'length' && contentLength > 0);
  return !hasBody && isIdempotentMethod(method);
}

/** What a call needs from its pool. */
export interface CallHost {
  /** A call that waited for a connection was given up. */
  onCallGone(call: Call): void;
}

/** One call to a server, on a connection or waiting for one. After its end every method does nothing. */
export class Call implements Outbound {
  readonly head: OutboundHead;
  readonly handler: OutboundHandler;
  connection: ClientConnection | null = null;
  /** No callback follows. */
  isOver = false;
  /** The request's body is complete. */
  ended: boolean;
  paused = false;
  /** `write` returned false and `onWritable` is owed. */
  blocked = false;
  /** It runs on a connection that carried another call before. */
  reused = false;
  /** A byte of the request may have reached a server. */
  sent = false;
  retried = false;
  /** The request as far as it was queued on a connection that was lost before a byte of it left. */
  unsentText = '';
  /** End of the whole call, and of its wait for a connection, on the pool's sweeper; 0 is never. */
  totalDeadlineMs = 0;
  waitDeadlineMs = 0;

  private readonly host: CallHost;
  private held: Buffer[] | null = null;
  private heldBytes = 0;
  private left: number;

  constructor(head: OutboundHead, handler: OutboundHandler, host: CallHost) {
    this.head = head;
    this.handler = handler;
    this.host = host;
    this.left = head.framing === 'length' ? head.contentLength : 0;
    this.ended = head.framing === 'none' || (head.framing === 'length' && head.contentLength === 0);
  }

  /** Whether it may be sent again when its connection ended before a byte of the answer (RFC 9110, section 9.2.2). */
  get isRepeatable(): boolean {
    return this.reused && !this.retried && mayBeRepeated(this.head);
  }

  /** Whether it may have another connection after this: nothing of it was sent, or it does no harm twice. */
  mayMove(code: FailureCode, isUnsent: boolean, mayRepeat: boolean): boolean {
    if (code !== 'upstream_reset' || !this.reused || this.retried) return false;
    return isUnsent || (mayRepeat && this.isRepeatable);
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver || this.ended || chunk.length === 0) return true;
    if (this.head.framing === 'length') {
      this.left -= chunk.length;
      if (this.left < 0) return this.breakOff();
    }
    if (this.connection === null) return this.hold(chunk);
    this.blocked = !this.connection.sendBody(this, chunk);
    return !this.blocked;
  }

  end(): void {
    if (this.isOver || this.ended) return;
    if (this.left > 0) {
      this.breakOff();
      return;
    }
    this.ended = true;
    this.connection?.endBody(this);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (!this.isOver) this.connection?.wake();
  }

  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.held = null;
    if (this.connection === null) this.host.onCallGone(this);
    else this.connection.abandon();
  }

  /** Bytes that came before there was a connection, once. */
  takeHeld(): readonly Buffer[] {
    const { held } = this;
    this.held = null;
    this.heldBytes = 0;
    return held ?? [];
  }

  /** Last callback. */
  fail(code: FailureCode): void {
    if (this.isOver) return;
    this.isOver = true;
    this.held = null;
    this.handler.onFailure(code, this.sent);
  }

  /** Last callback. */
  finish(): void {
    this.isOver = true;
    this.handler.onEnd();
  }

  /** Last callback. */
  upgraded(head: ResponseHead, server: SwitchedConnection): void {
    this.isOver = true;
    if (this.handler.onUpgraded === undefined) server.destroy();
    else this.handler.onUpgraded(head, server);
  }

  private hold(chunk: Uint8Array): boolean {
    this.heldBytes += chunk.length;
    if (this.heldBytes > LIMITS.heldBodyBytes) return this.breakOff();
    (this.held ??= []).push(Buffer.from(chunk));
    this.blocked = true;
    return false;
  }

  /** A body that is not what its head said, or a writer that does not wait: a defect of the caller. */
  private breakOff(): boolean {
    const { connection } = this;
    if (connection === null) this.host.onCallGone(this);
    process.nextTick(failBroken, this);
    return true;
  }
}

function failBroken(call: Call): void {
  if (call.connection === null) call.fail('internal');
  else call.connection.breakCall(call);
}
