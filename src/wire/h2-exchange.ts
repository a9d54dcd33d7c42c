import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ConnectionClient } from '../core/client-identity.ts';
import { ERROR_HEADER, failure, type FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import { reportDefect } from './defect.ts';
import { h2Answer, h2Fields } from './h2-answer.ts';
import { answerText, type AnswerFraming } from './head-writer.ts';
import type { ClientPace } from './pace.ts';
import type { Inbound, InboundHandler, RequestHead, ResponseHead, SwitchedConnection } from './types.ts';

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly remoteAddress: string;
  readonly client: ConnectionClient | null;
  readonly listener: number;
  readonly maxBodyBytes: number;
  /** No further stream is wanted. */
  closeAfter(): void;
  onStreamOver(exchange: H2Exchange): void;
}

/** One request on a stream of HTTP/2 (RFC 9113, section 5); for handlers it is a request like any other. */
export class H2Exchange implements Inbound {
  readonly head: RequestHead;
  readonly startedUs: number;
  readonly remoteAddress: string;
  readonly client: ConnectionClient | null;
  readonly listener: number;
  bytesIn = 0;
  /** The head of the answer counts as HTTP/1.1 would have written it: what HPACK makes of it is not told. */
  bytesOut = 0;
  handler: InboundHandler | null = null;
  isOver = false;
  responded = false;
  ended = false;
  pace: ClientPace | null = null;
  /** Ends of waiting for body bytes, and for the client to read, on the sweeper; 0 is never. */
  bodyDeadlineMs = 0;
  writeDeadlineMs = 0;
  /** What had moved at the last sweep. */
  seenIn = 0;
  seenTaken = 0;

  private readonly host: StreamHost;
  private readonly stream: ServerHttp2Stream;
  private bodyDone = false;
  private continueOwed: boolean;
  private framing: AnswerFraming = 'none';
  private left = 0;
  private blocked = false;
  private paused = false;
  private cutCode: FailureCode = 'client_aborted';

  constructor(host: StreamHost, stream: ServerHttp2Stream, head: RequestHead, startedUs: number) {
    this.host = host;
    this.stream = stream;
    this.head = head;
    this.startedUs = startedUs;
    this.remoteAddress = host.remoteAddress;
    this.client = host.client;
    this.listener = host.listener;
    this.continueOwed = head.expectsContinue;
  }

  /** Whether the next byte is the client's to send. */
  get awaitsBody(): boolean {
    return !this.bodyDone && !this.paused && !this.ended && !this.isOver;
  }

  /** Bytes of the answer that wait for the client to read, and those that it took. */
  get pendingBytes(): number {
    return this.stream.writableLength;
  }

  get takenBytes(): number {
    return this.bytesOut - this.stream.writableLength;
  }

  handle(handler: InboundHandler): void {
    this.handler = handler;
  }

  /** Events begin; in the next turn at the earliest. */
  start(): void {
    const { stream } = this;
    stream.on('data', (chunk: Buffer) => this.guarded(() => this.onData(chunk)));
    stream.on('end', () => this.guarded(() => this.onBodyEnd()));
    stream.on('drain', () => this.guarded(() => this.onDrain()));
    stream.on('finish', () => this.guarded(() => this.onFinish()));
    stream.on('close', () => this.guarded(() => this.onClose()));
    if (this.paused) stream.pause();
    else this.sendContinue();
  }

  private guarded(event: () => void): void {
    try {
      event();
    } catch (thrown) {
      reportDefect(thrown);
      this.cut('internal');
    }
  }

  private onData(chunk: Buffer): void {
    if (this.isOver || this.ended) return;
    this.continueOwed = false;
    this.bytesIn += chunk.length;
    const { maxBodyBytes } = this.host;
    if (maxBodyBytes > 0 && this.bytesIn > maxBodyBytes) return this.breakOff('body_too_large');
    this.handler?.onBody(chunk);
  }

  private onBodyEnd(): void {
    if (this.bodyDone || this.isOver || this.stream.aborted) return;
    this.bodyDone = true;
    if (!this.ended) this.handler?.onBodyEnd();
  }

  private onDrain(): void {
    if (!this.blocked) return;
    this.blocked = false;
    if (!this.isOver && !this.ended) this.handler?.onWritable();
  }

  /** Everything was given to the session. What the client still sends of its body is not wanted (RFC 9113, section 8.1). */
  private onFinish(): void {
    if (!this.ended || this.stream.aborted) return;
    this.finish();
    if (!this.bodyDone) closeUnread(this.stream);
  }

  private onClose(): void {
    const { stream } = this;
    const isWhole = this.ended && !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    if (isWhole) this.finish();
    else this.abort(this.cutCode);
    this.host.onStreamOver(this);
  }

  pause(): void {
    this.paused = true;
    this.stream.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.isOver) return;
    this.sendContinue();
    this.stream.resume();
  }

  private sendContinue(): void {
    if (!this.continueOwed || !this.isOpen) return;
    this.continueOwed = false;
    this.stream.additionalHeaders({ ':status': 100 });
  }

  /** Whether something may still be said. */
  private get isOpen(): boolean {
    return !this.isOver && !this.responded && !this.stream.destroyed && !this.stream.closed;
  }

  inform(status: number, fields: HeaderFields): void {
    if (!this.isOpen) return;
    const list = h2Fields(fields);
    const entries: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
    for (let index = 0; index < list.length; index += 2) {
      const name = list[index] as string;
      const before = entries[name];
      const value = list[index + 1] as string;
      entries[name] = before === undefined ? value : [before, value].flat();
    }
    this.stream.additionalHeaders({ ...entries, ':status': status });
  }

  closeAfter(): void {
    this.host.closeAfter();
  }

  respond(head: ResponseHead): void {
    if (this.isOver) return;
    if (this.responded) return this.destroy();
    const { raw, framing } = h2Answer(head, this.head.method);
    this.framing = framing;
    this.left = framing === 'length' ? head.contentLength : 0;
    this.bytesOut += answerText(head, this.head.method, 1, false).length;
    if (this.isOpen) this.stream.respond(raw, { endStream: framing === 'none' });
    this.responded = true;
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver || this.ended) return true;
    if (!this.responded) return this.broken();
    if (this.framing === 'none') return true;
    if (this.framing === 'length') {
      this.left -= chunk.length;
      if (this.left < 0) return this.broken();
    }
    this.bytesOut += chunk.length;
    // The stream keeps what it is given until it is sent; whoever wrote it may use it again.
    this.blocked = !this.stream.write(Buffer.from(chunk));
    return !this.blocked;
  }

  private broken(): boolean {
    this.destroy();
    return true;
  }

  end(): void {
    if (this.isOver || this.ended) return;
    if (!this.responded || this.left > 0) return this.destroy();
    this.ended = true;
    if (this.framing !== 'none') this.stream.end();
    else if (this.stream.writableFinished) this.guarded(() => this.onFinish());
  }

  destroy(): void {
    this.cut('aborted');
  }

  /** No request of HTTP/2 asks for an upgrade (RFC 9113, section 8.6). */
  tunnel(_head: ResponseHead, server: SwitchedConnection): void {
    server.destroy();
  }

  /** Ends the stream by a reset; the handler hears of it when it is closed. */
  cut(code: FailureCode): void {
    if (this.isOver) return;
    this.cutCode = code;
    // Not by `close`: Node ends the stream first then, and a part of an answer would pass for the whole.
    this.stream.destroy(new Error(code));
  }

  /** The client broke its body, or waits too long: it is told if nothing was said yet. */
  breakOff(code: FailureCode): void {
    const { status } = failure(code);
    if (status === 0 || !this.isOpen) return this.cut(code);
    refuseStream(this.stream, code, status);
    this.abort(code);
  }

  /** Last callback: the answer is out. */
  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler?.onFinished();
  }

  /** Last callback: it broke off. */
  private abort(code: FailureCode): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler?.onAbort(code);
  }
}

/** Answers a stream that is not served, and wants nothing more of it. */
export function refuseStream(stream: ServerHttp2Stream, code: FailureCode, status: number): void {
  if (stream.destroyed || stream.closed) return;
  const retry = status === 503 || status === 429 ? ['retry-after', '1'] : [];
  stream.respond([':status', String(status), 'content-length', '0', ERROR_HEADER, code, ...retry], {
    endStream: true,
  });
  stream.resume();
  stream.once('finish', () => closeUnread(stream));
}

/** Asks for no more of a body. In the next turn: a reset would overtake a head that was not sent yet. */
function closeUnread(stream: ServerHttp2Stream): void {
  setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}
