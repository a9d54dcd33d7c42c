import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { CutoverError } from '../core/errors.ts';
import type { AdminBackend } from './admin-backend.ts';
import { LocalGate } from './admin-gate.ts';
import { isLoopbackAddress } from './admin-guard.ts';
import { bind } from './admin-listen.ts';
import { AdminSite } from './admin-site.ts';

export interface AdminServerOptions {
  readonly backend: AdminBackend;
  /** What commands must bring along, see `ensureAdminToken`. */
  readonly token: string;
  /** One line for the log of the process. */
  readonly log: (message: string) => void;
  readonly heartbeatMs?: number;
  /** Time to send a complete request. */
  readonly requestMs?: number;
}

/** The admin API of one supervisor. */
export interface AdminServer {
  /**
   * @returns the port, also where 0 was asked
   * @throws CutoverError ADMIN_NOT_LOOPBACK, PORT_TAKEN, ADMIN_LISTEN
   */
  listen(host: string, port: number): Promise<number>;
  /** Frees the port at once, ends event streams and waits for answers under way. */
  close(): Promise<void>;
}

/** An HTTP server for one machine: what is harmless is free to read, all else needs the token. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { token } = options;
  const site = new AdminSite({ ...options, gate: new LocalGate(token) });
  const server = createServer(site.serverOptions(), (request, response) => site.answer(request, response));
  site.attach(server);
  return { listen: (host, port) => listen(server, host, port), close: () => site.close(server) };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  if (host !== 'localhost' && !isLoopbackAddress(host)) throw notLoopback(host);
  const bound = await bind(server, host, port, 'admin.address');
  if (isLoopbackAddress(bound.address)) return bound.port;
  // `localhost` may be anything in a hosts file.
  server.close();
  throw notLoopback(bound.address);
}

function notLoopback(host: string): CutoverError {
  const message = `the admin API on admin.address may listen on loopback only, not on ${host}`;
  return new CutoverError('ADMIN_NOT_LOOPBACK', message, {
    hint: 'set admin: { address: 127.0.0.1:9901 }; for other machines there is admin.remote, or ssh -L',
    exitCode: 2,
  });
}
