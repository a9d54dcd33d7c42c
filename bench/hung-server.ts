import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A server that accepts, reads and never answers. */
export interface HungServer {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts one in this process. */
export async function startHungServer(): Promise<HungServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
