import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answererOf } from './answers.ts';
import type { Answerer, ReadyAnswer } from './answers.ts';
import { withFaults } from './fault-effects.ts';
import type { ActiveFault } from './fault-effects.ts';
import type { ScriptedAnswer } from './schema-upstreams.ts';

/** The request header that tells one request of a rehearsal from all others, on both lanes. */
export const REQUEST_KEY = 'x-rehearsal-request';
/** What the gateway says on copies. */
const COPY = 'x-cutover-copy';
/** Above every pool's idle time, so that it is never this side that closes. */
const KEEP_ALIVE_MS = 120_000;
const BACKLOG = 4_096;

/** How many requests an embedded upstream took: copies of the gateway, and originals, whose answers clients got. */
export interface Served {
  readonly requests: number;
  readonly copies: number;
  readonly originals: number;
}

export interface UpstreamOptions {
  readonly port: number;
  readonly answers: readonly ScriptedAnswer[];
  readonly seed: number;
}

/** An embedded upstream: scripted answers, and what goes wrong with them. */
export class UpstreamServer {
  private readonly options: UpstreamOptions;
  private readonly answer: Answerer;
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private active: readonly ActiveFault[] = [];
  private requests = 0;
  private copies = 0;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.answer = answererOf(options.answers, options.seed);
  }

  /** Listens, unless a fault keeps it down. */
  async open(): Promise<void> {
    const server = createServer({ keepAlive: true, noDelay: true, requestTimeout: 0, headersTimeout: 0 });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on('connection', (socket) => this.onConnection(socket));
    server.on('request', (request, response) => this.onRequest(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port, '127.0.0.1', BACKLOG, resolve);
    });
  }

  /** Closes the listener and cuts every connection. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async start(fault: ActiveFault): Promise<void> {
    this.active = [...this.active, fault];
    if (fault.fault.kind === 'restart') await this.close();
  }

  async end(number: number): Promise<void> {
    this.active = this.active.filter((fault) => fault.number !== number);
    const down = this.active.some(({ fault }) => fault.kind === 'restart');
    if (!down && this.server === null) await this.open();
  }

  served(): Served {
    const { requests, copies } = this;
    return { requests, copies, originals: requests - copies };
  }

  private onConnection(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    if (request.headers[COPY] !== undefined) this.copies += 1;
    const { method = 'GET', url: target = '/' } = request;
    const named = request.headers[REQUEST_KEY];
    const key = `${target} ${typeof named === 'string' ? named : this.requests}`;
    const { seed } = this.options;
    const effect = withFaults(this.answer(method, target, key), this.active, { path: target, key, seed });
    response.on('error', () => {});
    if (effect.kind === 'reset') request.socket.resetAndDestroy();
    else {
      // The whole body is taken, whatever is answered: a client must not meet a closed pipe.
      request.resume();
      if (effect.kind === 'answer') answerLater(response, effect.answer);
    }
  }
}

function answerLater(response: ServerResponse, answer: ReadyAnswer): void {
  setTimeout(() => {
    if (response.destroyed) return;
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    response.end(answer.body);
  }, answer.delayMs);
}
