import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What a chaos server does with one request. */
export type Fault = (socket: Socket) => void;

/** A server that answers well on every path but `/bad`, and there as it is told. */
export interface ChaosServer {
  readonly url: string;
  readonly port: number;
  /** Requests so far: number of their connection, from 1, and their path. */
  readonly requests: readonly { readonly connection: number; readonly path: string }[];
  /** Numbers of the connections that are open. */
  readonly open: () => number[];
  readonly stop: () => Promise<void>;
}

const HEAD_END = '\r\n\r\n';
const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';

/**
 * Starts it on 127.0.0.1. Heads are read and bodies are not: what follows a head is a body, or the head of the next
 * request after a good answer.
 */
export async function chaosServer(fault: Fault): Promise<ChaosServer> {
  const requests: { connection: number; path: string }[] = [];
  const sockets = new Map<number, Socket>();
  let accepted = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    accepted += 1;
    const connection = accepted;
    sockets.set(connection, socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(connection));
    let text = '';
    socket.on('end', () => socket.end());
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (!text.includes(HEAD_END)) return;
      const path = text.split(' ')[1] ?? '';
      text = '';
      requests.push({ connection, path });
      if (path === '/bad') fault(socket);
      else socket.write(GOOD);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    open: () => [...sockets.keys()],
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}

/** Writes parts, one every `intervalMs`, until the socket is gone; `parts` may be endless. */
export function drip(socket: Socket, parts: Iterable<string>, intervalMs: number): void {
  const iterator = parts[Symbol.iterator]();
  const timer = setInterval(() => {
    const next = iterator.next();
    if (next.done === true) clearInterval(timer);
    else socket.write(next.value, 'latin1');
  }, intervalMs);
  socket.on('close', () => clearInterval(timer));
}

/** Writes the same text as fast as it is taken, for ever. */
export function flood(socket: Socket, text: string): void {
  const block = text.repeat(Math.ceil(16_384 / text.length));
  const more = (): void => {
    while (!socket.destroyed && socket.write(block, 'latin1'));
  };
  socket.on('drain', more);
  more();
}
