// HOT: no allocation per request beyond the exchange and its head; one tick per request.
import { monotonicUs } from '../core/clock.ts';
import { failure, type FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { BodyReader } from './body-reader.ts';
import { reportDefect } from './defect.ts';
import { scheduleTick } from './tick.ts';
import { refusalText } from './head-writer.ts';
import { HangUpWatch } from './hang-up-watch.ts';
import { HeadScanner, MORE, REFUSED } from './head-scanner.ts';
import { Input } from './input.ts';
import { Output } from './output.ts';
import { paceOf, type ClientPace } from './pace.ts';
import type { Admitted } from './reception.ts';
import { readRequest } from './request-head.ts';
import { ServerExchange } from './server-exchange.ts';
import { accepted, WireSocket, type SocketOwner } from './socket.ts';
import type { Sweeper, Swept } from './sweeper.ts';
import { Tunnel, type ServerEnd, type TunnelOwner } from './tunnel.ts';
import type { Inbound, RequestAcceptor, ServerOptions } from './types.ts';
import { WriteWatch } from './write-watch.ts';
import type { Socket } from 'node:net';

/** What a connection needs from its server. */
export interface ConnectionHost {
  readonly acceptor: RequestAcceptor;
  readonly sweeper: Sweeper;
  /** Every answer from now on ends its connection. */
  readonly draining: boolean;
  onConnectionClosed(connection: ServerConnection): void;
}

/**
 * One client connection: heads and bodies in, answers out, one exchange at a time. Pipelined requests wait in a
 * bounded buffer until the answer before them is out.
 */
export class ServerConnection implements SocketOwner, Swept, TunnelOwner {
  readonly socket: WireSocket;
  readonly output: Output;
  readonly remoteAddress: string;
  readonly client: Inbound['client'];
  readonly listener: number;

  private readonly host: ConnectionHost;
  private readonly options: ServerOptions;
  private readonly scanner = new HeadScanner(true);
  private readonly reader = new BodyReader();
  private readonly input = new Input();
  exchange: ServerExchange | null = null;
  private tunnel: Tunnel | null = null;
  private startedUs = 0;
  private requests = 0;
  closeAsked = false;
  private closeAfter = false;
  /** Our side is done: what still arrives is read and dropped until the client closes. */
  private lingering = false;
  private lingered = 0;
  private eof = false;
  private tickScheduled = false;
  private flushAsked = false;
  /** Why we destroyed the socket ourselves. */
  private cutCode: FailureCode = 'client_aborted';
  private isCut = false;
  /** End of the time for a head, for the next request, or for lingering; 0 is never. */
  deadlineMs: number;
  private bodyDeadlineMs = 0;
  private readonly hangUp: HangUpWatch;
  private readonly writes: WriteWatch;
  private pace: ClientPace | null = null;

  /** @param socket as it was accepted, or admitted by a reception */
  constructor(socket: Socket | Admitted, listener: number, host: ConnectionHost, options: ServerOptions) {
    this.host = host;
    this.hangUp = new HangUpWatch(host.sweeper);
    this.writes = new WriteWatch(host.sweeper);
    this.options = options;
    this.listener = listener;
    const isAdmitted = 'early' in socket;
    this.socket = isAdmitted ? socket.open(this) : new WireSocket(accepted(socket), this);
    this.output = new Output(this.socket);
    this.client = isAdmitted ? socket.client : null;
    this.remoteAddress = isAdmitted ? socket.remoteAddress : this.socket.remoteAddress;
    this.deadlineMs = host.sweeper.deadline(options.headTimeoutMs);
  }

  /** Whether every byte of the current request's body was read. */
  get hasReadBody(): boolean {
    return this.reader.done;
  }

  /** Whether an exchange is under way. */
  get isBusy(): boolean {
    return this.exchange !== null;
  }

  /** What it is doing at this moment. */
  get state(): 'idle' | 'head' | 'exchange' | 'closing' {
    if (this.exchange !== null) return 'exchange';
    if (this.lingering) return 'closing';
    return this.scanner.isFresh ? 'idle' : 'head';
  }

  onConnected(): void {
    // Accepted sockets are connected from the start.
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.lingering) return this.linger(length);
    this.bodyDeadlineMs = 0;
    if (this.input.length > 0) {
      this.input.append(bytes, 0, length);
      this.pump();
    } else {
      const next = this.consume(bytes, 0, length);
      if (next < length) this.input.append(bytes, next, length);
    }
    if (this.input.isFull) this.socket.pause();
    this.armBody();
  }

  /** Goes on with the bytes that were kept. */
  private pump(): void {
    const { input } = this;
    const next = this.consume(input.bytes, input.start, input.end);
    if (input.length > 0) input.advance(next);
    if (!input.isFull) this.socket.resume();
    this.armBody();
    if (this.eof) this.endOfInput();
  }

  /** Reads as far as is wanted now. @returns index of the first byte that was not used */
  private consume(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (!this.lingering) {
      const { exchange } = this;
      if (exchange === null) {
        if (at === to) return at;
        at = this.readHead(bytes, at, to);
        if (at < 0) return to;
      } else {
        if (exchange.bodyDone || !exchange.isFlowing) return at;
        at = this.readBody(exchange, bytes, at, to);
        if (exchange.awaitsBody) return at;
      }
    }
    return to;
  }

  private readHead(bytes: Buffer, from: number, to: number): number {
    const { scanner } = this;
    if (scanner.isFresh) {
      this.startedUs = monotonicUs();
      if (this.requests > 0) this.deadlineMs = this.host.sweeper.deadline(this.options.headTimeoutMs);
    }
    const next = scanner.feed(bytes, from, to);
    if (next === MORE) return MORE;
    if (next === REFUSED) return this.refuse(scanner.failure, scanner.detail);
    const { head, close, failure: code, detail } = readRequest(scanner);
    scanner.reset();
    if (head === null) return this.refuse(code, detail);
    const { maxBodyBytes } = this.options;
    if (maxBodyBytes > 0 && head.contentLength > maxBodyBytes) {
      return this.refuse('body_too_large', 'Content-Length over the limit');
    }
    this.requests += 1;
    this.closeAsked = close;
    this.reader.start(head.framing, head.contentLength);
    const exchange = new ServerExchange(this, head, this.startedUs);
    exchange.headLeftMs = this.deadlineMs - this.host.sweeper.nowMs;
    this.exchange = exchange;
    this.host.acceptor.onRequest(exchange);
    if (exchange.handler === null) throw new Error('onRequest did not call handle');
    return next;
  }

  private readBody(exchange: ServerExchange, bytes: Buffer, from: number, to: number): number {
    const { reader } = this;
    let at = from;
    if (!reader.done) {
      if (at === to) exchange.sendContinue();
      else exchange.skipContinue();
    }
    while (!reader.done && exchange.isFlowing && at < to) {
      at = reader.read(bytes, at, to);
      if (reader.failed) return this.breakBody('bad_request', to);
      const length = reader.spanEnd - reader.spanStart;
      if (length === 0) continue;
      exchange.bytesIn += length;
      const { maxBodyBytes } = this.options;
      if (maxBodyBytes > 0 && exchange.bytesIn > maxBodyBytes) return this.breakBody('body_too_large', to);
      const whole = length === bytes.length;
      exchange.handler?.onBody(whole ? bytes : bytes.subarray(reader.spanStart, reader.spanEnd));
    }
    if (reader.done && exchange.isFlowing) {
      exchange.bodyDone = true;
      exchange.handler?.onBodyEnd();
    }
    return at;
  }

  /** The client broke its body: the exchange is over, and the client is told if nothing was said yet. */
  private breakBody(code: FailureCode, end: number): number {
    this.endExchange(code);
    return end;
  }

  private endExchange(code: FailureCode): void {
    const { exchange } = this;
    if (exchange === null) return;
    this.exchange = null;
    const { status } = failure(code);
    if (status > 0 && !exchange.responded && !this.socket.isDead) {
      this.output.queueText(refusalText(code, status));
      this.close();
    } else {
      this.destroySocket(exchange.endsWithClose);
    }
    exchange.abort(code);
  }

  /** Answers a head that cannot be served, and ends the connection. */
  private refuse(code: FailureCode, detail: string): number {
    const { status } = failure(code);
    this.output.queueText(refusalText(code, status));
    this.close();
    this.host.acceptor.onRefused(code, status, this.remoteAddress, detail);
    return REFUSED;
  }

  /** Says that there are too many connections, before any request. */
  turnAway(code: FailureCode): void {
    this.refuse(code, 'connection limit reached');
  }

  /** Decides, when an answer begins, whether the connection ends after it. */
  decideClose(mustClose: boolean): boolean {
    this.closeAfter =
      mustClose || this.closeAsked || this.host.draining || this.requests >= LIMITS.requestsPerConnection;
    return this.closeAfter;
  }

  /** Something is to be written, or may be read again: once, at the end of this turn. */
  wake(): void {
    if (this.tickScheduled) return;
    this.tickScheduled = true;
    scheduleTick(this);
  }

  onTick(): void {
    this.tickScheduled = false;
    this.output.flush();
    const { exchange } = this;
    if (exchange === null || this.tunnel !== null) return;
    if (!exchange.ended) {
      this.pump();
    } else if (this.output.isIdle) {
      this.finish(exchange);
    } else if (!this.flushAsked) {
      this.flushAsked = true;
      this.socket.tellFlushed();
    }
  }

  onFlushed(): void {
    this.flushAsked = false;
    const { exchange } = this;
    if (exchange?.ended === true) this.finish(exchange);
  }

  onDrained(): void {
    const { exchange } = this;
    if (exchange === null || !exchange.blocked || this.socket.isCongested) return;
    exchange.blocked = false;
    if (!exchange.ended) exchange.handler?.onWritable();
  }

  private finish(exchange: ServerExchange): void {
    if (this.socket.isDead) return;
    this.exchange = null;
    exchange.finish();
    if (this.closeAfter || !this.reader.done) return this.close();
    this.deadlineMs = this.host.sweeper.deadline(this.options.keepAliveIdleMs);
    if (this.input.length > 0) this.pump();
    else if (this.eof) this.endOfInput();
  }

  /** Ends our side and reads on for a while: closing at once would reset what the client has not read. */
  private close(): void {
    this.output.flush();
    this.socket.end();
    this.lingering = true;
    this.input.clear();
    this.socket.resume();
    this.deadlineMs = this.host.sweeper.deadline(LIMITS.lingerMs);
  }

  /** Closes it when it waits for a request that has not begun. */
  closeIfIdle(): void {
    if (this.state === 'idle') this.close();
  }

  private linger(bytes: number): void {
    this.lingered += bytes;
    if (this.lingered > LIMITS.lingerBytes) this.socket.destroy();
  }

  onEof(): void {
    this.eof = true;
    if (this.lingering) {
      if (!this.socket.isFlushing) this.socket.destroy();
    } else this.endOfInput();
  }

  /** No more bytes will come: what is complete may still be answered for a while, what is not never will be. */
  private endOfInput(): void {
    const { exchange } = this;
    if (exchange === null) {
      if (this.input.length === 0 && !this.lingering) this.close();
      return;
    }
    if (exchange.ended || this.input.length > 0) return;
    if (!this.reader.done) this.cut('client_aborted');
  }

  /** Ends the connection at once; the exchange hears about it when the socket has closed. */
  cut(code: FailureCode): void {
    if (this.tunnel !== null) return this.tunnel.cut(code);
    if (this.isCut) return;
    this.isCut = true;
    this.cutCode = code;
    this.exchange?.pause();
    this.destroySocket(this.exchange?.endsWithClose === true);
  }

  private destroySocket(withReset: boolean): void {
    this.lingering = true;
    if (withReset) {
      this.socket.reset();
      return;
    }
    this.output.flush();
    this.socket.destroy();
  }

  onClosed(_code: string): void {
    const { exchange } = this;
    this.exchange = null;
    this.lingering = true;
    this.input.clear();
    this.host.onConnectionClosed(this);
    exchange?.abort(this.cutCode);
  }

  /** The server answered 101, whose head is queued: the socket is the tunnel's until both have ended. */
  join(server: ServerEnd, idleMs: number): void {
    this.tunnel = new Tunnel(this, server, this.host.sweeper, idleMs);
    this.tunnel.start(this.input.take(), this.eof);
  }

  onTunnelOver(code: FailureCode | null, bytesIn: number): void {
    this.host.onConnectionClosed(this);
    this.exchange?.endTunnel(code, bytesIn);
    this.exchange = null;
  }

  onDefect(thrown: unknown): void {
    reportDefect(thrown);
    this.cut('internal');
  }

  /** Time for the next body bytes runs while the handler wants them. */
  private armBody(): void {
    const waits = this.exchange?.awaitsBody === true;
    if (!waits) this.bodyDeadlineMs = 0;
    else if (this.bodyDeadlineMs === 0)
      this.bodyDeadlineMs = this.host.sweeper.deadline(this.options.bodyIdleMs);
  }

  onSweep(nowMs: number): void {
    if (this.tunnel !== null) return this.tunnel.sweep(nowMs);
    if (this.exchange !== null) return this.sweepExchange(nowMs);
    if (this.deadlineMs === 0 || nowMs < this.deadlineMs) return;
    this.deadlineMs = 0;
    if (!this.lingering && !this.scanner.isFresh) this.refuse('request_timeout', 'head not complete in time');
    else this.socket.destroy();
  }

  private sweepExchange(nowMs: number): void {
    const { exchange, output } = this;
    const hasHungUp = this.eof && exchange?.ended === false;
    if (hasHungUp && this.hangUp.isGone(output.bytes + exchange.bytesIn, !output.isIdle))
      return this.cut('client_aborted');
    this.pace = paceOf(this, this.pace, this.options, nowMs);
    if (this.pace?.isTooSlow(nowMs) === true) return this.endExchange('client_stalled');
    if (this.exchange?.awaitsBody !== true) this.bodyDeadlineMs = 0;
    else if (this.bodyDeadlineMs !== 0 && nowMs >= this.bodyDeadlineMs)
      return this.endExchange('client_stalled');
    if (this.writes.isLate(this.socket, this.options.writeIdleMs)) this.endExchange('client_stalled');
  }
}
