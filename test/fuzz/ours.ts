import { BodyReader } from '../../src/wire/body-reader.ts';
import { HeadScanner, MORE, REFUSED } from '../../src/wire/head-scanner.ts';
import { readRequest } from '../../src/wire/request-head.ts';
import { readResponse } from '../../src/wire/response-head.ts';
import type { RequestHead, ResponseHead } from '../../src/wire/types.ts';
import type { Message, Understood } from './message.ts';

/** A message of ours with the head as the gateway gets it. */
export interface OurMessage extends Message {
  readonly request: RequestHead | null;
  readonly answer: ResponseHead | null;
}

/** The same as {@link Understood}, with our heads. */
export interface OurUnderstanding extends Understood {
  readonly messages: readonly OurMessage[];
  /** The message whose body is not complete, or null. */
  readonly begun: OurMessage | null;
}

/** The parts of the wire room put together as its connections do, without sockets. */
class Stream {
  readonly messages: OurMessage[] = [];
  end: Understood['end'] = 'clean';
  private readonly scanner: HeadScanner;
  private readonly reader = new BodyReader();
  private readonly kind: 'request' | 'answer' | 'head';
  private request: RequestHead | null = null;
  private answer: ResponseHead | null = null;
  private body = '';
  private inBody = false;
  private close = false;

  constructor(kind: 'request' | 'answer' | 'head') {
    this.kind = kind;
    this.scanner = new HeadScanner(kind === 'request');
  }

  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && (this.end === 'clean' || this.end === 'partial')) {
      at = this.inBody ? this.readBody(bytes, at) : this.readHead(bytes, at);
    }
  }

  private readHead(bytes: Buffer, from: number): number {
    this.end = 'partial';
    const next = this.scanner.feed(bytes, from, bytes.length);
    if (next === MORE) return bytes.length;
    if (next === REFUSED) return this.refuse(bytes);
    const isRead = this.kind === 'request' ? this.startRequest() : this.startAnswer();
    this.scanner.reset();
    if (!isRead) return this.refuse(bytes);
    this.inBody = true;
    if (this.reader.done) this.finish();
    return next;
  }

  private startRequest(): boolean {
    const { head, close } = readRequest(this.scanner);
    if (head === null) return false;
    this.request = head;
    this.close = close;
    this.reader.start(head.framing, head.contentLength);
    return true;
  }

  private startAnswer(): boolean {
    const { head, body, close } = readResponse(this.scanner, this.kind === 'head' ? 'HEAD' : 'GET');
    if (head === null || head.status === 101) return false;
    this.answer = head;
    this.close = close && head.status >= 200;
    this.reader.start(body, head.contentLength);
    return true;
  }

  private readBody(bytes: Buffer, from: number): number {
    this.end = 'partial';
    const next = this.reader.read(bytes, from, bytes.length);
    if (this.reader.failed) return this.refuse(bytes);
    this.body += bytes.toString('latin1', this.reader.spanStart, this.reader.spanEnd);
    if (this.reader.done) this.finish();
    return next;
  }

  /** The stream has ended: an answer that goes on until then is complete. */
  finishInput(): void {
    if (this.inBody && this.reader.framing === 'close' && this.end !== 'refused') this.finish();
  }

  /** The message under way. */
  get begun(): OurMessage | null {
    if (!this.inBody) return null;
    const { request, answer, body } = this;
    return {
      method: request?.method ?? '',
      target: request?.target ?? '',
      status: answer?.status ?? 0,
      minorVersion: request?.minorVersion ?? 1,
      fields: (request ?? answer)?.fields.flat() ?? [],
      body,
      request,
      answer,
    };
  }

  private finish(): void {
    const { answer, begun } = this;
    if (begun !== null) this.messages.push(begun);
    this.body = '';
    this.inBody = false;
    // After the final answer nothing is read: what follows makes the connection unusable.
    const isFinal = answer !== null && answer.status >= 200;
    this.end = this.close || isFinal ? 'closed' : 'clean';
  }

  private refuse(bytes: Buffer): number {
    this.end = 'refused';
    return bytes.length;
  }
}

/** What the wire makes of bytes that come in these pieces. */
export function askOurs(pieces: readonly Buffer[], kind: 'request' | 'answer' | 'head'): OurUnderstanding {
  const stream = new Stream(kind);
  for (const piece of pieces) stream.read(piece);
  stream.finishInput();
  const { messages, begun, end } = stream;
  return { messages, begun, partial: begun?.body ?? null, end };
}
