import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import type { ListenerConfig } from '../core/snapshot.ts';
import { unixPath } from '../core/unix-address.ts';
import { probeUnix } from './unix-probe.ts';

/** Whether processes can share a port here, the kernel spreading connections over them. */
export function canReusePort(): boolean {
  return process.platform === 'linux' || process.platform === 'freebsd';
}

/** An error of opening a listener, for people. */
export function listenError(code: string, message: string): CutoverError {
  switch (code) {
    case 'EADDRINUSE':
      return new CutoverError('PORT_TAKEN', `a port to listen on is taken: ${message}`, {
        hint: 'find its owner: ss -ltnp; or change listen in the configuration',
      });
    case 'EACCES':
      return new CutoverError('PORT_REFUSED', `a port to listen on may not be opened: ${message}`, {
        hint: 'use a port of 1024 or above, or grant CAP_NET_BIND_SERVICE',
      });
    case 'EADDRNOTAVAIL':
      return new CutoverError(
        'ADDRESS_UNKNOWN',
        `an address to listen on is not of this machine: ${message}`,
        {
          hint: 'list its addresses: ip address; or listen on 0.0.0.0',
        },
      );
    default:
      return new CutoverError('WORKER_START', `the first worker could not start: ${message}`, {
        hint: 'cutover doctor',
      });
  }
}

/** An address that is ours alone and known before anything listens. */
function isFixed({ host, port }: ListenerConfig): boolean {
  return port !== 0 || unixPath(host) !== null;
}

/**
 * Makes sure that nobody listens on the fixed ports: with port sharing a second gateway would join silently and
 * take half of the connections.
 * @param held ports that orphans of ours hold, and will give up; with any of them, their unix sockets, too
 * @throws CutoverError PORT_TAKEN, PORT_REFUSED or ADDRESS_UNKNOWN
 */
export async function probePorts(
  listeners: readonly ListenerConfig[],
  held: ReadonlySet<number>,
): Promise<void> {
  for (const { host, port } of listeners) {
    const path = unixPath(host);
    if (path !== null) await probeUnix(path, held.size > 0);
    else if (port !== 0 && !held.has(port)) await probe(host, port);
  }
}

/** Fixed ports that are this supervisor's alone. */
export interface PortLocks {
  release(): void;
}

/**
 * Claims the fixed ports for the life of this process, so that two supervisors that start at once cannot both find
 * them free: on Linux by a socket in the abstract namespace (unix(7)) named after the port, which goes with the
 * process and belongs to the same network namespace as the port. Elsewhere {@link probePorts} alone decides.
 * @throws CutoverError PORT_TAKEN
 */
export async function lockPorts(listeners: readonly ListenerConfig[]): Promise<PortLocks> {
  const servers: Server[] = [];
  const release = (): void => servers.splice(0).forEach((server) => server.close());
  if (process.platform !== 'linux') return { release };
  try {
    for (const listener of listeners.filter(isFixed)) {
      servers.push(await claim(`${listener.host}:${listener.port}`));
    }
    return { release };
  } catch (error) {
    release();
    throw error;
  }
}

async function claim(address: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).unref();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: `\0cutover-listen-${address}` }, resolve);
    });
  } catch (error) {
    // Whatever else keeps the name from being used: the port is still probed.
    if (systemCode(error) !== 'EADDRINUSE') return server;
    throw listenError('EADDRINUSE', `${address} is served by another gateway, with another run directory`);
  }
  server.on('error', () => undefined);
  return server;
}

async function probe(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw listenError(systemCode(error), `${host}:${port} (${messageOf(error)})`);
  }
  await new Promise((resolve) => server.close(resolve));
}
