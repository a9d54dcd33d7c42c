import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { monotonicMs } from '../../src/core/clock.ts';
import { applyLie, ready } from './upstream-answer.ts';
import type { Answer, Lie, ReadyAnswer, Received, Responder } from './upstream-answer.ts';

/** How an upstream breaks off instead of answering well. */
type Fault =
  | { readonly kind: 'none' | 'hangs' | 'refuses' | 'garbage' | 'tooLong' | 'truncates' }
  | { readonly kind: 'resets'; readonly when: 'before-head' | 'after-head' }
  | { readonly kind: 'drips'; readonly bytesPerSecond: number };

/** The last requests that are kept; `count` stays exact beyond it. */
const KEPT_REQUESTS = 20_000;
const DRIP_INTERVAL_MS = 20;

/** A running upstream. */
export interface Upstream {
  readonly url: string;
  readonly port: number;
  /** The last requests, oldest first. */
  readonly requests: readonly Received[];
  /** Requests ever received, and connections ever accepted. */
  readonly count: () => number;
  readonly connections: () => number;
  /** Behaves like the other builder from now on; running answers stay as they are. */
  readonly become: (behaviour: UpstreamBuilder) => Promise<void>;
  /** Forgets the requests kept so far and counts from 0 again. */
  readonly forget: () => void;
  readonly stop: () => Promise<void>;
}

/**
 * An embedded service: `await upstream().json({ id: 1 }).slow(20).start()`. Without a word it answers 200 `ok`.
 */
export class UpstreamBuilder {
  responder: Responder = () => ({ body: 'ok' });
  fault: Fault = { kind: 'none' };
  lie: Lie | null = null;
  delayMs = 0;

  json(value: object, status = 200): this {
    return this.respond(() => ({ status, body: value }));
  }

  status(status: number, body = ''): this {
    return this.respond(() => ({ status, body }));
  }

  respond(responder: Responder): this {
    this.responder = responder;
    return this;
  }

  /** Waits before the head of every answer. */
  slow(ms: number): this {
    this.delayMs = ms;
    return this;
  }

  /** Changes the answer: status, a JSON field, headers. */
  lies(lie: Lie): this {
    this.lie = lie;
    return this;
  }

  /** Takes requests and never answers. */
  hangs(): this {
    return this.breaks({ kind: 'hangs' });
  }

  /** Sends RST: at once, or after the head and half the body. */
  resets(when: 'before-head' | 'after-head' = 'before-head'): this {
    return this.breaks({ kind: 'resets', when });
  }

  /** Sends the body slowly. */
  drips(bytesPerSecond: number): this {
    return this.breaks({ kind: 'drips', bytesPerSecond });
  }

  /** Nobody listens on the port. */
  refuses(): this {
    return this.breaks({ kind: 'refuses' });
  }

  /** Answers bytes that are not HTTP. */
  garbage(): this {
    return this.breaks({ kind: 'garbage' });
  }

  /** Sends more body than its Content-Length says. */
  tooLong(): this {
    return this.breaks({ kind: 'tooLong' });
  }

  /** Ends the connection in the middle of the body. */
  truncates(): this {
    return this.breaks({ kind: 'truncates' });
  }

  private breaks(fault: Fault): this {
    this.fault = fault;
    return this;
  }

  /** Listens on 127.0.0.1. @param port 0 picks a free one */
  start(port = 0): Promise<Upstream> {
    return new RunningUpstream(this).start(port);
  }
}

/** Describes an embedded service. */
export function upstream(): UpstreamBuilder {
  return new UpstreamBuilder();
}

class RunningUpstream {
  private behaviour: UpstreamBuilder;
  private server: Server | null = null;
  private port = 0;
  private received = 0;
  private accepted = 0;
  private readonly sockets = new Set<Socket>();
  private readonly connectionOf = new WeakMap<Socket, number>();
  private readonly kept: Received[] = [];

  constructor(behaviour: UpstreamBuilder) {
    this.behaviour = behaviour;
  }

  async start(port: number): Promise<Upstream> {
    this.port = port;
    await this.open();
    if (this.behaviour.fault.kind === 'refuses') await this.close();
    return {
      url: `http://127.0.0.1:${this.port}`,
      port: this.port,
      requests: this.kept,
      count: () => this.received,
      connections: () => this.accepted,
      become: (behaviour) => this.become(behaviour),
      forget: () => {
        this.kept.length = 0;
        this.received = 0;
      },
      stop: () => this.close(),
    };
  }

  private async become(behaviour: UpstreamBuilder): Promise<void> {
    this.behaviour = behaviour;
    if (behaviour.fault.kind === 'refuses') await this.close();
    else if (this.server === null) await this.open();
  }

  private async open(): Promise<void> {
    const server = createServer({ keepAlive: true, requestTimeout: 0, headersTimeout: 0 });
    server.keepAliveTimeout = 120_000;
    server.on('connection', (socket) => this.onConnection(socket));
    server.on('request', (request, response) => void this.onRequest(request, response));
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      void this.onRequest(request, response);
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', 4_096, resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private async close(): Promise<void> {
    const server = this.server;
    this.server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private onConnection(socket: Socket): void {
    this.accepted += 1;
    this.connectionOf.set(socket, this.accepted);
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }

  private record(request: IncomingMessage): Received {
    this.received += 1;
    const { rawHeaders } = request;
    const all = (name: string) =>
      rawHeaders.filter(
        (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase(),
      );
    const received: Received = {
      number: this.received,
      connection: this.connectionOf.get(request.socket) ?? 0,
      method: request.method ?? '',
      target: request.url ?? '',
      rawHeaders,
      all,
      header: (name) => all(name)[0],
      body: Buffer.alloc(0),
      complete: false,
      atMs: monotonicMs(),
    };
    this.kept.push(received);
    if (this.kept.length > KEPT_REQUESTS) this.kept.splice(0, KEPT_REQUESTS / 2);
    return received;
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const behaviour = this.behaviour;
    const received = this.record(request);
    response.on('error', () => {});
    if (behaviour.fault.kind === 'resets' && behaviour.fault.when === 'before-head') {
      request.socket.resetAndDestroy();
      return;
    }
    if (!(await readBody(request, received))) return;
    if (behaviour.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs));
    if (behaviour.fault.kind === 'hangs') return;
    const answer = await this.answer(behaviour, received);
    deliver(response, ready(answer), behaviour.fault);
  }

  private async answer(behaviour: UpstreamBuilder, received: Received): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await behaviour.responder(received);
    } catch (error) {
      return { status: 599, body: `the test's responder threw: ${String(error)}` };
    }
    const lie = behaviour.lie;
    return lie !== null && received.number % (lie.every ?? 1) === 0 ? applyLie(answer, lie) : answer;
  }
}

async function readBody(request: IncomingMessage, received: Received): Promise<boolean> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.complete = true;
  } catch {
    // The sender gave up: what arrived is still worth seeing.
  }
  received.body = Buffer.concat(chunks);
  return received.complete;
}

function deliver(response: ServerResponse, answer: ReadyAnswer, fault: Fault): void {
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
  switch (fault.kind) {
    case 'garbage':
      socket.end('\u0000\u0001 this is not HTTP \u00ff\r\n\r\n');
      return;
    case 'tooLong':
      response.writeHead(answer.status, answer.headers);
      response.end(
        Buffer.concat([answer.body, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')]),
      );
      return;
    case 'truncates':
      response.writeHead(answer.status, answer.headers);
      response.flushHeaders();
      response.write(half.length === 0 ? answer.body : half, () => socket.end());
      return;
    case 'resets':
      response.writeHead(answer.status, answer.headers);
      response.write(half.length === 0 ? answer.body : half, () => socket.resetAndDestroy());
      return;
    case 'drips':
      response.writeHead(answer.status, answer.headers);
      drip(response, answer.body, fault.bytesPerSecond);
      return;
    case 'none':
    case 'hangs':
    case 'refuses':
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
  }
}

function drip(response: ServerResponse, body: Buffer, bytesPerSecond: number): void {
  const startedMs = monotonicMs();
  let sent = 0;
  response.flushHeaders();
  const timer = setInterval(() => {
    const due = Math.min(body.length, Math.floor(((monotonicMs() - startedMs) * bytesPerSecond) / 1000));
    if (due > sent) response.write(body.subarray(sent, due));
    sent = Math.max(sent, due);
    if (sent < body.length) return;
    clearInterval(timer);
    response.end();
  }, DRIP_INTERVAL_MS);
  response.on('close', () => clearInterval(timer));
}
