import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { monotonicMs } from '../../src/core/clock.ts';
import { AnswerReader } from './answer-reader.ts';
import type { ClientAnswer } from './answer-reader.ts';

/** A request in the words of a test. */
export interface ClientRequest {
  readonly method?: string;
  readonly target?: string;
  /** Host and, for a body, Content-Length are added unless given. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** When a request failed: `connect` and `send` mean that no byte of an answer was seen. */
export type FailedAt = 'connect' | 'send' | 'answer';

/** A request that got no complete answer, and on which connection that was. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** Number of the connection in this process, from 1. */
  readonly connection: number;
  /** 1 for the first request of that connection; later ones ran on a kept-alive connection. */
  readonly requestOnConnection: number;
  /** Our port of that connection; 0 when none was opened. */
  readonly localPort: number;
  readonly at: FailedAt;
  /** `ECONNRESET`, `ECLOSED`, `ETIMEOUT`, `EBROKEN`, … */
  readonly code: string;

  constructor(
    where: { connection: number; requestOnConnection: number; localPort?: number },
    at: FailedAt,
    code: string,
    detail = '',
  ) {
    super(
      `connection ${where.connection}, request ${where.requestOnConnection}: ${code} at ${at} ${detail}`.trim(),
    );
    this.connection = where.connection;
    this.requestOnConnection = where.requestOnConnection;
    this.localPort = where.localPort ?? 0;
    this.at = at;
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (answer: ClientAnswer) => void;
  readonly reject: (error: ClientError) => void;
  readonly timer: NodeJS.Timeout;
}

let opened = 0;

/** One TCP connection: raw bytes or one request at a time. Nothing is ever sent twice. */
export class Connection {
  readonly number: number;
  requests = 0;
  /** Everything received, for tests that look at bytes; the last 1 MiB. */
  received: Buffer = Buffer.alloc(0);
  /** It can carry another request. */
  usable = true;
  private readonly socket: Socket;
  private readonly localPort: number;
  private readonly host: string;
  private readonly reader = new AnswerReader();
  private readonly keepsBytes: boolean;
  private waiting: Waiting | null = null;
  /** The other side ended the connection. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket, host: string, keepsBytes: boolean) {
    opened += 1;
    this.number = opened;
    this.socket = socket;
    this.localPort = socket.localPort ?? 0;
    this.host = host;
    this.keepsBytes = keepsBytes;
    socket.on('data', (bytes: Buffer) => this.onData(bytes));
    socket.on('end', () => this.onEnd());
    socket.on('error', (error) => this.fail((error as NodeJS.ErrnoException).code ?? 'EUNKNOWN'));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** @throws {@link ClientError} with `at: 'connect'` */
  static open(url: string, options: { timeoutMs?: number; keepsBytes?: boolean } = {}): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 80), noDelay: true });
    return new Promise((resolve, reject) => {
      const where = { connection: opened + 1, requestOnConnection: 0 };
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new ClientError(where, 'connect', 'ETIMEOUT'));
      }, options.timeoutMs ?? 10_000);
      const failed = (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(new ClientError(where, 'connect', error.code ?? 'EUNKNOWN'));
      };
      socket.once('error', failed);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', failed);
        resolve(new Connection(socket, host, options.keepsBytes ?? true));
      });
    });
  }

  /** Sends bytes as they are. */
  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends raw bytes and waits for one answer. @param method decides whether the answer has a body */
  exchange(bytes: string | Buffer, method = 'GET', timeoutMs = 30_000): Promise<ClientAnswer> {
    return this.await(method, timeoutMs, () => this.send(bytes));
  }

  /** Waits for the next answer without sending anything: for pipelined requests. */
  next(method = 'GET', timeoutMs = 30_000): Promise<ClientAnswer> {
    return this.await(method, timeoutMs, () => {});
  }

  /** @throws {@link ClientError} */
  request(request: ClientRequest = {}, timeoutMs = 30_000): Promise<ClientAnswer> {
    return this.exchange(format(request, this.host), request.method ?? 'GET', timeoutMs);
  }

  /** Ends our side, the other may go on. */
  end(): void {
    this.socket.end();
  }

  /** Closes at once; with RST when asked. */
  close(options: { reset?: boolean } = {}): void {
    this.usable = false;
    if (options.reset === true) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  /** Stops and restarts reading, as a client does that does not keep up. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  private await(method: string, timeoutMs: number, start: () => void): Promise<ClientAnswer> {
    this.requests += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail('ETIMEOUT'), timeoutMs);
      this.waiting = { resolve, reject, timer };
      this.reader.expect(method);
      if (!this.usable || this.socket.destroyed) this.fail('ECLOSED');
      else {
        start();
        this.read(Buffer.alloc(0));
      }
    });
  }

  private onData(bytes: Buffer): void {
    if (this.keepsBytes) this.received = Buffer.concat([this.received, bytes]).subarray(-1_048_576);
    this.read(bytes);
  }

  private read(bytes: Buffer): void {
    try {
      const answer = this.reader.push(bytes);
      if (answer !== null) this.settle(answer);
    } catch (error) {
      this.fail('EBROKEN', String(error));
    }
  }

  private onEnd(): void {
    this.usable = false;
    try {
      const answer = this.reader.end();
      if (answer === null) this.fail('ECLOSED');
      else this.settle(answer);
    } catch (error) {
      this.fail('EBROKEN', String(error));
    }
  }

  private settle(answer: ClientAnswer): void {
    const waiting = this.waiting;
    this.waiting = null;
    if (!answer.keepsAlive) this.usable = false;
    if (waiting === null) return;
    clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }

  private fail(code: string, detail = ''): void {
    const waiting = this.waiting;
    this.waiting = null;
    this.usable = false;
    this.socket.destroy();
    if (waiting === null) return;
    clearTimeout(waiting.timer);
    const { number: connection, requests: requestOnConnection, localPort } = this;
    const where = { connection, requestOnConnection, localPort };
    const at = code === 'EBROKEN' || this.reader.begun ? 'answer' : 'send';
    waiting.reject(new ClientError(where, at, code, detail));
  }
}

/** The bytes of a request. */
export function format(request: ClientRequest, host: string): Buffer {
  const { method = 'GET', target = '/', headers = {}, body } = request;
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  let head = `${method} ${target} HTTP/1.1\r\n`;
  if (!names.has('host')) head += `Host: ${host}\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding'))
    head += `Content-Length: ${bytes.length}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), bytes]);
}

/**
 * A keep-alive client: one connection, a new one only when the last one said `Connection: close` or was closed
 * between two requests. A request that fails is an error, never a second try.
 */
export class KeepAliveClient {
  readonly url: string;
  private connection: Connection | null = null;

  constructor(url: string) {
    this.url = url;
  }

  /** The connection in use, for tests that look at it. */
  get current(): Connection | null {
    return this.connection;
  }

  /** @throws {@link ClientError} */
  async request(request: ClientRequest = {}, timeoutMs = 30_000): Promise<ClientAnswer> {
    return (await this.ready(timeoutMs)).request(request, timeoutMs);
  }

  /** Like {@link request} with bytes as they are. @throws {@link ClientError} */
  async exchange(bytes: Buffer, method: string, timeoutMs = 30_000): Promise<ClientAnswer> {
    return (await this.ready(timeoutMs)).exchange(bytes, method, timeoutMs);
  }

  private async ready(timeoutMs: number): Promise<Connection> {
    if (this.connection === null || !this.connection.usable) {
      this.connection?.close();
      this.connection = null;
      this.connection = await Connection.open(this.url, { timeoutMs, keepsBytes: false });
    }
    return this.connection;
  }

  close(): void {
    this.connection?.close();
    this.connection = null;
  }
}

/** One request on a connection of its own. @throws {@link ClientError} */
export async function fetchOnce(
  url: string,
  request: ClientRequest = {},
  timeoutMs = 30_000,
): Promise<ClientAnswer> {
  const { origin, pathname, search } = new URL(url);
  const connection = await Connection.open(origin, { timeoutMs });
  try {
    const target = request.target ?? `${pathname}${search}`;
    return await connection.request({ ...request, target }, timeoutMs);
  } finally {
    connection.close();
  }
}

/** Milliseconds a promise takes. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedMs = monotonicMs();
  const value = await work();
  return { value, tookMs: monotonicMs() - startedMs };
}
