import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ConnectionClient } from '../core/client-identity.ts';
import { monotonicUs } from '../core/clock.ts';
import { failure, type FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { reportDefect } from './defect.ts';
import { H2Exchange, refuseStream, type StreamHost } from './h2-exchange.ts';
import { readH2Request } from './h2-head.ts';
import { ClientPace } from './pace.ts';
import type { Sweeper, Swept } from './sweeper.ts';
import type { RequestAcceptor, ServerOptions } from './types.ts';

/** What a connection needs from its server. */
export interface H2Host {
  readonly acceptor: RequestAcceptor;
  readonly sweeper: Sweeper;
  readonly draining: boolean;
  onConnectionClosed(connection: H2Connection): void;
}

/** Who is at the other end, and by which socket. */
export interface H2Client {
  readonly socket: TLSSocket;
  readonly remoteAddress: string;
  readonly client: ConnectionClient | null;
}

/**
 * One client connection that speaks HTTP/2. Frames, flow control and HPACK are nghttp2's, in Node; its limits are set here,
 * and heads are read by the reader that HTTP/1.1 has.
 */
export class H2Connection implements Swept, StreamHost {
  readonly remoteAddress: string;
  readonly client: ConnectionClient | null;
  readonly listener: number;
  /** End of the time for the first or the next request; 0 is never. */
  deadlineMs: number;
  private readonly host: H2Host;
  private readonly options: ServerOptions;
  private readonly session: ServerHttp2Session;
  private readonly streams = new Set<H2Exchange>();
  private requests = 0;
  private closing = false;
  private isGone = false;

  constructor(admitted: H2Client, listener: number, host: H2Host, options: ServerOptions) {
    this.remoteAddress = admitted.remoteAddress;
    this.client = admitted.client;
    this.listener = listener;
    this.host = host;
    this.options = options;
    this.deadlineMs = host.sweeper.deadline(options.headTimeoutMs);
    this.session = performServerHandshake(admitted.socket, SESSION);
    this.session.on('stream', (stream, _headers, flags, raw: unknown) =>
      this.onStream(stream, flags, raw as string[]),
    );
    this.session.on('error', () => this.session.destroy());
    this.session.on('close', () => this.onClosed());
  }

  get maxBodyBytes(): number {
    return this.options.maxBodyBytes;
  }

  get isBusy(): boolean {
    return this.streams.size > 0;
  }

  get state(): 'idle' | 'exchange' | 'closing' {
    if (this.isBusy) return 'exchange';
    return this.closing ? 'closing' : 'idle';
  }

  private onStream(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    stream.on('error', () => undefined);
    try {
      this.accept(stream, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0, raw);
    } catch (thrown) {
      reportDefect(thrown);
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }

  private accept(stream: ServerHttp2Stream, endsStream: boolean, raw: readonly string[]): void {
    this.deadlineMs = 0;
    this.requests += 1;
    const { head, failure: code, detail } = readH2Request(raw, endsStream);
    if (head === null) return this.refuse(stream, code, detail);
    const { maxBodyBytes } = this.options;
    if (maxBodyBytes > 0 && head.contentLength > maxBodyBytes)
      return this.refuse(stream, 'body_too_large', 'Content-Length over the limit');
    const exchange = new H2Exchange(this, stream, head, monotonicUs());
    this.streams.add(exchange);
    this.host.acceptor.onRequest(exchange);
    if (exchange.handler === null) throw new Error('onRequest did not call handle');
    exchange.start();
    if (this.host.draining || this.requests >= LIMITS.requestsPerConnection) this.closeAfter();
  }

  private refuse(stream: ServerHttp2Stream, code: FailureCode, detail: string): void {
    const { status } = failure(code);
    refuseStream(stream, code, status);
    this.host.acceptor.onRefused(code, status, this.remoteAddress, detail);
    this.rest();
  }

  onStreamOver(exchange: H2Exchange): void {
    this.streams.delete(exchange);
    this.rest();
  }

  private rest(): void {
    if (!this.isBusy) this.deadlineMs = this.host.sweeper.deadline(this.options.keepAliveIdleMs);
  }

  /** Tells the client to send no further request here (GOAWAY); those that run end as they would. */
  closeAfter(): void {
    if (this.closing) return;
    this.closing = true;
    if (!this.session.destroyed) this.session.close();
  }

  closeIfIdle(): void {
    this.closeAfter();
  }

  /** One too many: told by the code that means it (RFC 9113, section 7). */
  turnAway(code: FailureCode): void {
    this.host.acceptor.onRefused(code, 0, this.remoteAddress, 'connection limit reached');
    this.session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** Ends the connection at once. */
  cut(code: FailureCode): void {
    for (const exchange of this.streams) exchange.cut(code);
    this.session.destroy();
  }

  private onClosed(): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const exchange of this.streams) exchange.cut('client_aborted');
    this.host.onConnectionClosed(this);
  }

  onDefect(thrown: unknown): void {
    reportDefect(thrown);
    this.cut('internal');
  }

  onSweep(nowMs: number): void {
    if (this.deadlineMs !== 0 && nowMs >= this.deadlineMs) {
      this.deadlineMs = 0;
      this.closeAfter();
    }
    for (const exchange of this.streams) this.sweepStream(exchange, nowMs);
  }

  private sweepStream(exchange: H2Exchange, nowMs: number): void {
    const isStalled = this.isSilent(exchange, nowMs) || this.isDeaf(exchange, nowMs);
    if (isStalled || this.isSlow(exchange, nowMs)) exchange.breakOff('client_stalled');
  }

  private isSilent(exchange: H2Exchange, nowMs: number): boolean {
    const moved = exchange.bytesIn !== exchange.seenIn;
    exchange.seenIn = exchange.bytesIn;
    if (!exchange.awaitsBody) exchange.bodyDeadlineMs = 0;
    else if (exchange.bodyDeadlineMs === 0 || moved)
      exchange.bodyDeadlineMs = this.host.sweeper.deadline(this.options.bodyIdleMs);
    else return nowMs >= exchange.bodyDeadlineMs;
    return false;
  }

  private isDeaf(exchange: H2Exchange, nowMs: number): boolean {
    const moved = exchange.takenBytes !== exchange.seenTaken;
    exchange.seenTaken = exchange.takenBytes;
    if (exchange.pendingBytes === 0) exchange.writeDeadlineMs = 0;
    else if (exchange.writeDeadlineMs === 0 || moved)
      exchange.writeDeadlineMs = this.host.sweeper.deadline(this.options.writeIdleMs);
    else return exchange.writeDeadlineMs !== 0 && nowMs >= exchange.writeDeadlineMs;
    return false;
  }

  private isSlow(exchange: H2Exchange, nowMs: number): boolean {
    const { pace: limits } = this.options;
    if (limits === undefined || limits.bytesPerSec === 0) return false;
    if (!exchange.awaitsBody && exchange.pendingBytes === 0 && exchange.pace === null) return false;
    exchange.pace ??= new ClientPace({ exchange, socket: exchange }, limits, 0, nowMs);
    return exchange.pace.isTooSlow(nowMs);
  }
}

/** What one session may hold and do. Nothing that a client could ask for is offered beside requests. */
const SESSION = {
  maxHeaderListPairs: LIMITS.headFields,
  maxSessionMemory: LIMITS.h2SessionMiB,
  maxSessionInvalidFrames: LIMITS.h2InvalidFrames,
  maxSessionRejectedStreams: LIMITS.h2RejectedStreams,
  maxSettings: LIMITS.h2Settings,
  streamResetBurst: LIMITS.h2ResetBurst,
  streamResetRate: LIMITS.h2ResetsPerSec,
  strictSingleValueFields: false,
  settings: {
    maxConcurrentStreams: LIMITS.h2Streams,
    maxHeaderListSize: LIMITS.headBytes,
    initialWindowSize: LIMITS.h2WindowBytes,
    enablePush: false,
    enableConnectProtocol: false,
  },
} as const;
