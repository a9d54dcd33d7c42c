import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** One request as the most gullible server would read it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** name, value, …, names as received. */
  readonly fields: readonly string[];
  readonly body: string;
  /** The bytes of head and body. */
  readonly raw: string;
  /** Which connection it came on, from 0. */
  readonly connection: number;
}

/** One connection and every byte that came on it. */
export interface SeenConnection {
  readonly socket: Socket;
  bytes: string;
  closed: boolean;
  /** Bytes that are no complete request yet. */
  pending: string;
}

/** Bytes that answer one request; null answers nothing. */
export type Answering = (request: SeenRequest, connection: SeenConnection) => string | null;

/** An answer with an exact length. */
export function answerOf(body: string, fields = '', status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

/** Says which request it answers, so that a mixed-up answer is seen. */
const echo: Answering = ({ method, target }) => {
  const answer = answerOf(`${method} ${target}`);
  return method === 'HEAD' ? answer.slice(0, answer.indexOf('\r\n\r\n') + 4) : answer;
};

/** The first value of a field of a request, or undefined. */
export function fieldOf({ fields }: SeenRequest, name: string): string | undefined {
  return fieldsOf({ fields }, name)[0];
}

/** All values of a field of a request. */
export function fieldsOf({ fields }: Pick<SeenRequest, 'fields'>, name: string): string[] {
  return fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name);
}

/**
 * A server that records every byte and reads requests as leniently as the worst ones do: bare LF ends a line, blanks
 * around names vanish, anything with `chunked` in it is chunked, a length is whatever digits come first. Whatever a
 * gateway lets through as one request and could be two is two here.
 */
export class LenientUpstream {
  readonly connections: SeenConnection[] = [];
  readonly requests: SeenRequest[] = [];
  answering: Answering = echo;
  /** Sent as soon as a head is there whose body is not; null waits for the body. */
  early: string | null = null;
  port = 0;
  private server: Server | null = null;

  /** Listens on 127.0.0.1. */
  static async start(answering: Answering = echo): Promise<LenientUpstream> {
    const upstream = new LenientUpstream();
    upstream.answering = answering;
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
      upstream.onSocket(socket),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    upstream.server = server;
    upstream.port = (server.address() as AddressInfo).port;
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every byte of every connection. */
  get bytes(): string {
    return this.connections.map(({ bytes }) => bytes).join('');
  }

  /** Connections that are open now. */
  get open(): number {
    return this.connections.filter(({ closed }) => !closed).length;
  }

  /** `GET /a`, … in the order of arrival. */
  get lines(): string[] {
    return this.requests.map(({ method, target }) => `${method} ${target}`);
  }

  /** Forgets requests and bytes; connections stay. */
  forget(): void {
    this.requests.length = 0;
    for (const connection of this.connections) connection.bytes = '';
    const open = this.connections.filter(({ closed }) => !closed);
    this.connections.splice(0, this.connections.length, ...open);
  }

  async stop(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    const { server } = this;
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  private onSocket(socket: Socket): void {
    const connection: SeenConnection = { socket, bytes: '', closed: false, pending: '' };
    this.connections.push(connection);
    socket.on('error', () => undefined);
    socket.on('close', () => (connection.closed = true));
    socket.on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      connection.bytes += text;
      connection.pending += text;
      this.readAll(connection);
    });
  }

  private readAll(connection: SeenConnection): void {
    for (;;) {
      const read = readLeniently(connection.pending, this.connections.indexOf(connection));
      if (read === null) return this.answerEarly(connection);
      connection.pending = connection.pending.slice(read.used);
      this.requests.push(read.request);
      const answer = this.answering(read.request, connection);
      if (answer !== null && !connection.socket.destroyed) connection.socket.write(answer, 'latin1');
    }
  }

  private answerEarly(connection: SeenConnection): void {
    const { early } = this;
    if (early === null || !connection.pending.includes('\r\n\r\n')) return;
    this.early = null;
    connection.socket.write(early, 'latin1');
  }
}

/** The first request of some bytes as the most gullible server reads it, or null when it is not complete. */
function readLeniently(
  bytes: string,
  connection = 0,
): { readonly request: SeenRequest; readonly used: number } | null {
  const start = /^[\r\n]*/.exec(bytes)?.[0].length ?? 0;
  const end = /\r?\n\r?\n/.exec(bytes.slice(start));
  if (end === null) return null;
  const bodyStart = start + end.index + end[0].length;
  const [line = '', ...lines] = bytes.slice(start, start + end.index).split(/\r?\n/);
  const [method = '', target = ''] = line.trim().split(/\s+/);
  const fields = lines.flatMap((text) => {
    const colon = text.indexOf(':');
    return colon === -1 ? [text.trim(), ''] : [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  });
  const body = readBody(bytes, bodyStart, fields);
  if (body === null) return null;
  const raw = bytes.slice(start, body.end);
  return { request: { method, target, fields, body: body.text, raw, connection }, used: body.end };
}

function readBody(
  bytes: string,
  start: number,
  fields: readonly string[],
): { readonly text: string; readonly end: number } | null {
  if (fieldsOf({ fields }, 'transfer-encoding').some((value) => /chunked/i.test(value)))
    return readChunks(bytes, start);
  const [length] = fieldsOf({ fields }, 'content-length');
  const end = start + (Number.parseInt(/\d+/.exec(length ?? '')?.[0] ?? '0', 10) || 0);
  return end > bytes.length ? null : { text: bytes.slice(start, end), end };
}

function readChunks(bytes: string, start: number): { readonly text: string; readonly end: number } | null {
  let text = '';
  for (let at = start; ;) {
    const line = /^[^\n]*\n/.exec(bytes.slice(at))?.[0];
    if (line === undefined) return null;
    at += line.length;
    const size = Number.parseInt(line, 16) || 0;
    if (size === 0) {
      const trailers = /^(?:[^\n]+\n)*?\r?\n/.exec(bytes.slice(at))?.[0];
      return trailers === undefined ? null : { text, end: at + trailers.length };
    }
    if (at + size > bytes.length) return null;
    text += bytes.slice(at, at + size);
    at += size;
    at += /^\r?\n?/.exec(bytes.slice(at))?.[0].length ?? 0;
  }
}
