import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { FailureCode } from '../../src/core/errors.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import { createPool } from '../../src/wire/pool.ts';
import { createWireServer } from '../../src/wire/server.ts';
import type {
  Inbound,
  InboundHandler,
  ListenAddress,
  Outbound,
  OutboundHandler,
  OutboundHead,
  Pool,
  PoolOptions,
  RequestHead,
  ResponseHead,
  ServerOptions,
  WireServer,
} from '../../src/wire/types.ts';
import { until } from '../kit/until.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Runs when the current test has ended. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export const serverOptions: ServerOptions = {
  headTimeoutMs: 5_000,
  bodyIdleMs: 5_000,
  writeIdleMs: 5_000,
  keepAliveIdleMs: 5_000,
  maxConnections: 100,
  maxBodyBytes: 0,
};

/** One request as the server's handler saw it. */
export class Seen implements InboundHandler {
  readonly inbound: Inbound;
  readonly head: RequestHead;
  readonly events: string[] = [];
  body = '';
  bodyDone = false;
  finished = false;
  aborted: FailureCode | null = null;
  onData: (chunk: Buffer) => void = () => undefined;
  onDone: () => void = () => undefined;
  onRoom: () => void = () => undefined;

  constructor(inbound: Inbound) {
    this.inbound = inbound;
    this.head = inbound.head;
  }

  onBody(chunk: Buffer): void {
    this.events.push('body');
    this.body += chunk.toString('latin1');
    this.onData(chunk);
  }
  onBodyEnd(): void {
    this.events.push('bodyEnd');
    this.bodyDone = true;
    this.onDone();
  }
  onWritable(): void {
    this.onRoom();
  }
  onFinished(): void {
    this.events.push('finished');
    this.finished = true;
  }
  onAbort(code: FailureCode): void {
    this.events.push(`abort ${code}`);
    this.aborted = code;
  }
  /** Answers at once with a text. */
  answer(text = 'ok', status = 200, fields: string[] = []): void {
    this.inbound.respond(textHead(text, status, fields));
    this.inbound.write(Buffer.from(text));
    this.inbound.end();
  }
}

export function textHead(text: string, status = 200, fields: string[] = []): ResponseHead {
  const contentLength = Buffer.byteLength(text);
  return { status, reason: '', fields: new HeaderFields(fields.slice()), framing: 'length', contentLength };
}

export interface TestServer {
  readonly server: WireServer;
  readonly port: number;
  readonly seen: Seen[];
  readonly refused: { code: FailureCode; status: number; detail: string }[];
}

/** A wire server; `onRequest` runs inside the acceptor, by default it answers `ok` when the body is complete. */
export async function startServer(
  onRequest: (seen: Seen) => void = (seen) => (seen.onDone = () => seen.answer()),
  options: Partial<ServerOptions> = {},
  listen: Partial<ListenAddress> = {},
): Promise<TestServer> {
  const seen: Seen[] = [];
  const refused: TestServer['refused'] = [];
  const server = createWireServer(
    {
      onRequest(inbound) {
        const one = new Seen(inbound);
        seen.push(one);
        inbound.handle(one);
        onRequest(one);
      },
      onRefused: (code, status, _address, detail) => refused.push({ code, status, detail }),
    },
    { ...serverOptions, ...options },
  );
  const port = await server.listen({ host: '127.0.0.1', port: 0, reusePort: false, index: 0, ...listen });
  atEnd(() => server.drain(0));
  return { server, port, seen, refused };
}

/** A client that sends bytes as they are given and keeps what comes back. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  ended = false;
  closed = false;
  error = '';

  constructor(port: number, host = '127.0.0.1') {
    this.socket = connect({ port, host, allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code ?? 'error'));
    atEnd(() => this.socket.destroy());
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until the received text matches. */
  async expect(pattern: RegExp | string): Promise<string> {
    const matches = () =>
      typeof pattern === 'string' ? this.text.includes(pattern) : pattern.test(this.text);
    await until(matches, `${String(pattern)} in ${JSON.stringify(this.text.slice(0, 300))}`);
    return this.text;
  }

  /** Waits until the server has ended or reset the connection. */
  async over(): Promise<string> {
    await until(() => this.ended || this.closed, 'the end of the connection');
    return this.text;
  }
}

/**
 * Sends bytes and gives back everything that came until the server ended the connection.
 * @param half ends our side after the bytes, so that an incomplete request is not waited for
 */
export async function exchange(port: number, bytes: string, half = false): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('end', resolve);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.write(bytes, 'latin1');
    if (half) socket.end();
  });
  socket.destroy();
  return text;
}

/** A server made of one function per connection. */
export async function rawServer(onSocket: (socket: Socket, index: number) => void): Promise<{
  port: number;
  server: Server;
  sockets: Socket[];
}> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket, sockets.length - 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

/** A server that answers every request without a body with the given bytes. */
export function scripted(answer: string | ((request: string, index: number) => string)) {
  return rawServer((socket, index) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end + 4);
        text = text.slice(end + 4);
        socket.write(typeof answer === 'string' ? answer : answer(request, index), 'latin1');
      }
    });
  });
}

export const poolOptions: Omit<PoolOptions, 'port'> = {
  host: '127.0.0.1',
  timeouts: { connectMs: 2_000, firstByteMs: 5_000, idleMs: 5_000, totalMs: 0 },
  maxConnections: 10,
  maxWaiting: 10,
  retry: true,
};

export function startPool(port: number, options: Partial<PoolOptions> = {}): Pool {
  const pool = createPool({ ...poolOptions, port, ...options });
  atEnd(() => pool.close());
  return pool;
}

/** One call as its handler heard it. */
export class Heard implements OutboundHandler {
  readonly events: string[] = [];
  head: ResponseHead | null = null;
  body = '';
  bodyBytes = 0;
  keepsBody = true;
  ended = false;
  failed: { code: FailureCode; sent: boolean } | null = null;
  informs: number[] = [];
  reused: boolean[] = [];
  outbound: Outbound | null = null;
  onRoom: () => void = () => undefined;
  onChunk: (chunk: Buffer) => void = () => undefined;

  onSent(reused: boolean): void {
    this.events.push('sent');
    this.reused.push(reused);
  }
  onInform(status: number): void {
    this.informs.push(status);
  }
  onHead(head: ResponseHead): void {
    this.events.push('head');
    this.head = head;
  }
  onData(chunk: Buffer): void {
    this.bodyBytes += chunk.length;
    if (this.keepsBody) this.body += chunk.toString('latin1');
    this.onChunk(chunk);
  }
  onEnd(): void {
    this.events.push('end');
    this.ended = true;
  }
  onWritable(): void {
    this.onRoom();
  }
  onFailure(code: FailureCode, sent: boolean): void {
    this.events.push(`failure ${code}`);
    this.failed = { code, sent };
  }
  /** Waits for the last callback. */
  async over(): Promise<this> {
    await until(() => this.ended || this.failed !== null, 'the end of the call');
    return this;
  }
}

export function outboundHead(head: Partial<OutboundHead> = {}): OutboundHead {
  return {
    method: 'GET',
    target: '/',
    host: 'lane',
    fields: new HeaderFields(),
    framing: 'none',
    contentLength: -1,
    upgrade: '',
    ...head,
  };
}

/** Calls and gives back what was heard. */
export function call(pool: Pool, head: Partial<OutboundHead> = {}, totalMs?: number): Heard {
  const heard = new Heard();
  heard.outbound = pool.call(outboundHead(head), heard, totalMs);
  return heard;
}
