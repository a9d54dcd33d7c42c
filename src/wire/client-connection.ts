// HOT: no allocation per call beyond the call and the head of its answer; one tick per call.
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { BodyReader } from './body-reader.ts';
import type { Call } from './call.ts';
import type { ClientHost } from './client-host.ts';
import { connectFailure } from './connect-failure.ts';
import { reportDefect } from './defect.ts';
import { scheduleTick } from './tick.ts';
import { LAST_CHUNK, requestText } from './head-writer.ts';
import { HeadScanner, MORE } from './head-scanner.ts';
import { Input } from './input.ts';
import { Output } from './output.ts';
import { readResponse } from './response-head.ts';
import { SecureSocket } from './secure-socket.ts';
import { connecting, WireSocket, type SocketOwner } from './socket.ts';
import type { Swept } from './sweeper.ts';
import { ServerEnd } from './tunnel.ts';
import type { ResponseHead } from './types.ts';
import { WriteWatch } from './write-watch.ts';

/** One connection to a server: one call at a time, idle in between. */
export class ClientConnection implements SocketOwner, Swept {
  private readonly host: ClientHost;
  private readonly socket: WireSocket;
  private readonly output: Output;
  private readonly scanner = new HeadScanner(false);
  private readonly reader = new BodyReader();
  private readonly input = new Input();
  private call: Call | null = null;
  private calls = 0;
  connected = false;
  private isGone = false;
  private eof = false;
  private tickScheduled = false;
  private sentTold = false;
  /** A byte of the body was queued, which may have reached the socket. */
  private bodyQueued = false;
  /** The only write of the call found its connection closed: nothing of it was taken. */
  private flushedIntoDead = false;
  /** What had been flushed when the call came. */
  private flushedBefore = 0;
  /** When the request was written, on the sweeper. */
  private sentMs = 0;
  private answerBegun = false;
  private headDone = false;
  private closeAfter = false;
  private informs = 0;
  /** Deadline of the current wait, and what passing it means; 0 is never. */
  private deadlineMs: number;
  private deadlineCode: FailureCode = 'connect_timeout';
  private readonly writes: WriteWatch;

  constructor(host: ClientHost) {
    this.host = host;
    this.writes = new WriteWatch(host.sweeper);
    const { host: address, port, timeouts, secure } = host.options;
    this.socket =
      secure === undefined
        ? new WireSocket(connecting(address, port), this)
        : new SecureSocket(secure.connecting(address, port), this, null);
    this.output = new Output(this.socket);
    this.deadlineMs = host.sweeper.deadline(timeouts.connectMs);
  }

  /** Takes a call; its handler hears nothing before the current call stack has ended. */
  start(call: Call): void {
    this.call = call;
    call.connection = this;
    call.reused = this.calls > 0;
    this.calls += 1;
    this.sentTold = false;
    this.bodyQueued = false;
    this.flushedIntoDead = false;
    this.answerBegun = false;
    this.headDone = false;
    this.informs = 0;
    if (this.connected) this.deadlineMs = 0;
    this.flushedBefore = this.output.flushedBytes;
    if (call.unsentText === '') this.queueRequest(call);
    else this.queueUnsent(call);
    this.wake();
  }

  private queueRequest(call: Call): void {
    this.output.queueText(requestText(call.head));
    for (const chunk of call.takeHeld()) this.queueBody(call, chunk);
    if (call.ended && call.head.framing === 'chunked') this.output.queueText(LAST_CHUNK);
  }

  /** What another connection took and did not send, body bytes included. */
  private queueUnsent(call: Call): void {
    this.bodyQueued = call.head.framing !== 'none';
    this.output.queueText(call.unsentText);
    call.unsentText = '';
  }

  /** Whether no byte of the current call has left this process. */
  private get isUnsent(): boolean {
    return !this.sentTold && (this.flushedIntoDead || this.output.flushedBytes === this.flushedBefore);
  }

  /** @returns false when the writer should wait */
  sendBody(call: Call, chunk: Uint8Array): boolean {
    this.queueBody(call, chunk);
    this.wake();
    return !this.socket.isCongested;
  }

  private queueBody(call: Call, chunk: Uint8Array): void {
    this.bodyQueued = true;
    if (call.head.framing === 'chunked') this.output.queueChunk(chunk);
    else this.output.queueBytes(chunk);
  }

  endBody(call: Call): void {
    if (call.head.framing === 'chunked') this.output.queueText(LAST_CHUNK);
    if (this.sentTold && !this.answerBegun) this.awaitAnswer();
    this.wake();
  }

  private awaitAnswer(): void {
    this.arm(this.host.options.timeouts.firstByteMs, 'first_byte_timeout');
  }

  private arm(ms: number, code: FailureCode): void {
    this.deadlineMs = this.host.sweeper.deadline(ms);
    this.deadlineCode = code;
  }

  /** Something is to be written, or may be read again: once, at the end of this turn. */
  wake(): void {
    if (this.tickScheduled) return;
    this.tickScheduled = true;
    scheduleTick(this);
  }

  onTick(): void {
    this.tickScheduled = false;
    if (!this.connected || this.isGone) return;
    const isFirst = this.output.flushedBytes === this.flushedBefore;
    this.output.flush();
    if (this.socket.isDead) {
      this.flushedIntoDead = isFirst && !this.bodyQueued;
      return;
    }
    if (this.call !== null && !this.sentTold) this.tellSent(this.call);
    if (this.call !== null) this.pump();
  }

  private tellSent(call: Call): void {
    this.sentTold = true;
    this.sentMs = this.host.sweeper.nowMs;
    call.sent = true;
    if (call.ended) this.awaitAnswer();
    call.handler.onSent(call.reused);
    if (call.blocked) this.onDrained();
  }

  onConnected(): void {
    this.connected = true;
    this.deadlineMs = 0;
    this.host.onReached();
    this.onTick();
  }

  onBytes(bytes: Buffer, length: number): void {
    const { call } = this;
    if (this.isGone) return;
    if (call === null) return this.destroy();
    // A request that is larger than one gather has left before its tick: this may be the answer to it.
    if (!this.sentTold && this.output.flushedBytes !== this.flushedBefore) this.onTick();
    if (this.isGone || this.call !== call) return;
    // What a reused connection says before it has the request was said about the silence before.
    if (!this.sentTold) return this.fail(call.reused ? 'upstream_reset' : 'upstream_protocol');
    this.answerBegun = true;
    if (this.input.length > 0) {
      this.input.append(bytes, 0, length);
      this.pump();
    } else {
      const next = this.consume(call, bytes, 0, length);
      if (next < length) this.input.append(bytes, next, length);
    }
    if (this.input.isFull) this.socket.pause();
    if (this.call === call) this.armIdle(call);
  }

  /** Silence counts while an answer is wanted and the request is complete. */
  private armIdle(call: Call): void {
    const waits = call.ended && !call.paused;
    this.arm(waits ? this.host.options.timeouts.idleMs : 0, 'idle_timeout');
  }

  /** Goes on with the bytes that were kept. */
  private pump(): void {
    const { call, input } = this;
    if (call === null) return;
    if (input.length > 0 || this.headDone) {
      const next = this.consume(call, input.bytes, input.start, input.end);
      if (input.length > 0) input.advance(next);
    }
    if (!input.isFull) this.socket.resume();
    if (this.call !== call) return;
    if (this.answerBegun && this.deadlineMs === 0) this.armIdle(call);
    if (this.eof && !call.paused) this.endOfInput(call);
  }

  /** Reads as far as is wanted now. @returns index of the first byte that was not used */
  private consume(call: Call, bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (this.call === call && !call.paused) {
      if (this.headDone) {
        at = this.readBody(call, bytes, at, to);
        if (this.reader.done && !call.paused && this.call === call) this.finish(call, at === to);
        return this.call === call ? at : to;
      }
      if (at === to) return at;
      at = this.readHead(call, bytes, at, to);
      if (at < 0) return to;
    }
    return this.call === call ? at : to;
  }

  private readHead(call: Call, bytes: Buffer, from: number, to: number): number {
    const { scanner } = this;
    const next = scanner.feed(bytes, from, to);
    if (next === MORE) return MORE;
    if (next < 0) return this.refuse();
    const { head, body, close, upgrade } = readResponse(scanner, call.head.method);
    scanner.reset();
    if (head === null) return this.refuse();
    if (head.status === 101) {
      const isAsked = upgrade !== '' && upgrade === call.head.upgrade;
      return isAsked ? this.switchOver(call, head, bytes.subarray(next, to)) : this.refuse();
    }
    if (head.status < 200) {
      this.informs += 1;
      if (this.informs > LIMITS.informsPerAnswer) return this.refuse();
      if (head.status !== 100) call.handler.onInform(head.status, head.fields);
      return next;
    }
    if (head.status === 408 && close && this.isStaleTimeout(call)) return this.lose();
    this.headDone = true;
    this.closeAfter = close || call.head.upgrade !== '';
    this.reader.start(body, head.contentLength);
    call.handler.onHead(head);
    return next;
  }

  /** The protocol that was asked for begins: the connection leaves the pool, and belongs to whoever asked. */
  private switchOver(call: Call, head: ResponseHead, rest: Buffer): number {
    this.call = null;
    call.connection = null;
    this.isGone = true;
    this.host.onSwitched(this);
    call.upgraded(head, new ServerEnd(this.host, this.socket, this.output, Buffer.from(rest), this.eof));
    return MORE;
  }

  private refuse(): number {
    this.fail('upstream_protocol');
    return MORE;
  }

  private lose(): number {
    this.fail('upstream_reset');
    return MORE;
  }

  /**
   * Whether a 408 that ends a reused connection was about the silence before this request (RFC 9110, section
   * 15.5.9): it is here before the request is out, or so soon that asking again, where that is allowed, tells. With
   * a body under way nothing can be asked again, and the server's own word is the honest answer.
   */
  private isStaleTimeout(call: Call): boolean {
    const { options, sweeper } = this.host;
    if (!call.reused || sweeper.nowMs - this.sentMs >= LIMITS.staleAnswerMs) return false;
    const begun = call.ended ? !this.output.isIdle : !this.bodyQueued;
    return begun || (options.retry && call.isRepeatable);
  }

  private readBody(call: Call, bytes: Buffer, from: number, to: number): number {
    const { reader } = this;
    let at = from;
    while (!reader.done && at < to && !call.paused && this.call === call) {
      at = reader.read(bytes, at, to);
      if (reader.failed) {
        this.fail('upstream_protocol');
        return to;
      }
      const length = reader.spanEnd - reader.spanStart;
      if (length === 0) continue;
      const whole = length === bytes.length;
      call.handler.onData(whole ? bytes : bytes.subarray(reader.spanStart, reader.spanEnd));
    }
    return at;
  }

  /** The answer is complete. @param isClean no byte follows it */
  private finish(call: Call, isClean: boolean): void {
    this.call = null;
    call.connection = null;
    this.deadlineMs = 0;
    const isReusable = isClean && !this.closeAfter && !this.eof && call.ended && this.output.isIdle;
    if (isReusable) {
      this.input.clear();
      this.socket.resume();
      this.deadlineMs = this.host.sweeper.deadline(LIMITS.poolIdleMs);
      this.host.onFree(this);
    } else {
      this.destroy();
    }
    call.finish();
  }

  onDrained(): void {
    const { call } = this;
    if (call === null || !call.blocked || !this.sentTold || this.socket.isCongested) return;
    call.blocked = false;
    if (!call.ended) call.handler.onWritable();
  }

  onFlushed(): void {
    // Never asked for.
  }

  onEof(): void {
    this.eof = true;
    const { call } = this;
    if (call === null) this.destroy();
    else if (this.input.length === 0 || !call.paused) this.endOfInput(call);
  }

  private endOfInput(call: Call): void {
    if (this.headDone && this.reader.framing === 'close' && this.input.length === 0) this.finish(call, true);
    else this.fail(this.answerBegun ? 'upstream_truncated' : 'upstream_reset');
  }

  onClosed(code: string): void {
    const lost = this.answerBegun ? 'upstream_truncated' : 'upstream_reset';
    if (this.connected) return this.fail(lost);
    this.fail(connectFailure(code, this.host.options));
  }

  /** Ends the connection and the call on it, which may move to another one. */
  private fail(code: FailureCode): void {
    const { call } = this;
    if (!this.connected && !this.isGone) this.host.onUnreached(this, code);
    this.call = null;
    this.destroy();
    if (call === null) return;
    call.connection = null;
    if (call.isOver) return;
    if (this.connected && !this.isUnsent) call.sent = true;
    if (!call.mayMove(code, this.isUnsent, this.host.options.retry)) return call.fail(code);
    if (this.isUnsent) call.unsentText = this.output.takeText();
    this.host.onRetry(call);
  }

  /** Ends the connection without a word; the pool is told once. */
  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.deadlineMs = 0;
    this.input.clear();
    this.socket.destroy();
    this.host.onGone(this);
  }

  /** The call was given up. */
  abandon(): void {
    this.call = null;
    this.destroy();
  }

  /** The caller broke its own body. */
  breakCall(call: Call): void {
    if (this.call === call) this.fail('internal');
  }

  onDefect(thrown: unknown): void {
    reportDefect(thrown);
    this.fail('internal');
  }

  onSweep(nowMs: number): void {
    const { call } = this;
    if (call === null) {
      if (this.deadlineMs !== 0 && nowMs >= this.deadlineMs) this.destroy();
      return;
    }
    if (call.totalDeadlineMs !== 0 && nowMs >= call.totalDeadlineMs) return this.fail('total_timeout');
    const isIdleWait = this.deadlineCode === 'idle_timeout';
    if (isIdleWait && call.paused) this.deadlineMs = 0;
    else if (this.deadlineMs !== 0 && nowMs >= this.deadlineMs) return this.fail(this.deadlineCode);
    if (this.connected && this.writes.isLate(this.socket, this.host.options.timeouts.idleMs)) {
      this.fail('idle_timeout');
    }
  }
}
