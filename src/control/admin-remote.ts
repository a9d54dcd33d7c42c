import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { RemoteAdmin } from '../config/plan.ts';
import { LIMITS } from '../core/limits.ts';
import { NO_TICKETS, TLS_POLICY } from '../wire/tls-policy.ts';
import type { AdminBackend } from './admin-backend.ts';
import { bind } from './admin-listen.ts';
import { AdminPrincipals } from './admin-principals.ts';
import { addressOf, RemoteGate } from './admin-remote-gate.ts';
import type { AdminDenial } from './admin-remote-gate.ts';
import { AdminSite } from './admin-site.ts';

export interface RemoteServerOptions {
  readonly remote: RemoteAdmin;
  readonly backend: AdminBackend;
  /** The server that this one replaces. */
  readonly before: RemoteServer | null;
  /** Somebody was not let in. */
  readonly denied: (denial: AdminDenial) => void;
  readonly log: (message: string) => void;
}

/** The admin API for other machines, by one configuration. */
export interface RemoteServer {
  readonly principals: AdminPrincipals;
  /** @returns the port, also where 0 was asked. @throws CutoverError PORT_TAKEN, ADMIN_LISTEN */
  listen(): Promise<number>;
  /** Frees the port at once, ends event streams and waits for answers under way. */
  close(): Promise<void>;
}

/**
 * An HTTPS server: TLS 1.2 and 1.3 as on listeners. No session is ever resumed, so that every connection shows its
 * certificate.
 * @throws when certificates, authorities or lists cannot be read
 */
export function createRemoteServer({
  remote,
  backend,
  before,
  denied,
  log,
}: RemoteServerOptions): RemoteServer {
  const principals = new AdminPrincipals(remote, before?.principals ?? null, (_, line) => log(line));
  const site = new AdminSite({ backend, log, gate: new RemoteGate(principals, denied) });
  const server = createServer(
    { ...site.serverOptions(), ...tlsOptions(remote), headersTimeout: LIMITS.adminHandshakeMs },
    (request, response) => site.answer(request, response),
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const reason = error.code ?? 'unknown';
    // Who hangs up has refused nobody and was refused by nobody.
    if (reason !== 'ECONNRESET') denied({ reason, address: addressOf(socket), identity: '' });
    socket.destroy();
  });
  boundHandshakes(server);
  site.attach(server, 'secureConnection');
  return {
    principals,
    async listen() {
      try {
        return (await bind(server, remote.host, remote.port, 'admin.remote.address')).port;
      } catch (error) {
        principals.letGo();
        throw error;
      }
    },
    async close() {
      await site.close(server);
      principals.letGo();
    },
  };
}

function tlsOptions({ cert, key, client }: RemoteAdmin) {
  const secureOptions = (TLS_POLICY.secureOptions ?? 0) | NO_TICKETS;
  const own = { ...TLS_POLICY, secureOptions, cert, key, ALPNProtocols: ['http/1.1'] };
  const common = { ...own, handshakeTimeout: LIMITS.adminHandshakeMs, honorCipherOrder: true };
  if (client === null) return common;
  const { mode, ca, crl, crlFailure } = client;
  return {
    ...common,
    requestCert: true,
    rejectUnauthorized: mode === 'required',
    ca,
    ...(crl === null || crlFailure === 'open' ? {} : { crl }),
  };
}

/** Of connections in their handshake the oldest makes room: whoever opens many keeps nobody out. */
function boundHandshakes(server: Server): void {
  const open = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const key = peerOf(socket);
    const [oldest] = open.keys();
    if (open.size >= LIMITS.adminConnections && oldest !== undefined) open.get(oldest)?.destroy();
    open.set(key, socket);
    socket.once('close', () => {
      if (open.get(key) === socket) open.delete(key);
    });
  });
  server.on('secureConnection', (socket) => open.delete(peerOf(socket)));
}

function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
