import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Connections opened at the same time, and so connections to the server: a longer row overflows the accept queue. */
export const AT_ONCE = 50;
const GET = 'GET / HTTP/1.1\r\nHost: idle\r\n\r\n';
/** Addresses of this machine that they come from, so that ports do not run out. */
const ADDRESSES = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);

/** Kept connections that wait for nothing. */
export interface IdleCrowd {
  /** Those that are open. */
  readonly open: () => number;
  readonly stop: () => void;
}

function openOne(url: URL, index: number): Promise<Socket> {
  const localAddress = ADDRESSES[index % ADDRESSES.length] as string;
  const socket = connect({ host: url.hostname, port: Number(url.port), localAddress });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket.resume());
    });
    socket.write(GET);
  });
}

/** Opens connections, sends one request on each and keeps them. @throws when one is refused or closed */
export async function idleCrowd(target: string, count: number): Promise<IdleCrowd> {
  const url = new URL(target);
  const sockets = new Set<Socket>();
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (let from = 0; from < count; from += AT_ONCE) {
      const row = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => openOne(url, from + at));
      for (const socket of await Promise.all(row)) {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      }
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { open: () => sockets.size, stop };
}
