import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { AdminBackend } from './admin-backend.ts';
import { AdminError, sendThrown } from './admin-answer.ts';
import { AdminConnections } from './admin-connections.ts';
import { EventStreams } from './admin-events.ts';
import { isLoopbackAddress, refuseForeigners, requireJson, requireToken } from './admin-guard.ts';
import { routeOf } from './admin-routes.ts';

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
  const streams = new EventStreams(options.backend, options.heartbeatMs ?? LIMITS.adminHeartbeatMs);
  const requestMs = options.requestMs ?? LIMITS.adminRequestMs;
  const connections = new AdminConnections();
  const site: Site = { ...options, streams, connections };
  const server = createServer(
    {
      maxHeaderSize: LIMITS.headBytes,
      requestTimeout: requestMs,
      headersTimeout: Math.min(LIMITS.adminHeadMs, requestMs / 2),
      connectionsCheckingInterval: Math.min(LIMITS.adminHeadMs, requestMs) / 4,
    },
    (request, response) => {
      response.once('close', connections.enter(request.socket));
      void handle(site, request, response);
    },
  );
  server.on('connection', (socket) => connections.add(socket));
  server.setTimeout(LIMITS.adminIdleMs, (socket) => socket.destroy());
  return {
    listen: (host, port) => listen(server, host, port),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      streams.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), requestMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

const METHODS = ['GET', 'POST'];

interface Site extends AdminServerOptions {
  readonly streams: EventStreams;
  readonly connections: AdminConnections;
}

async function handle(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => undefined);
  try {
    refuseForeigners(request);
    const { path, query } = targetOf(request.url ?? '');
    const found = routeOf(path);
    if (found === null) throw notFound(path);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const handler = method === 'GET' || method === 'POST' ? found.route[method] : undefined;
    if (handler === undefined)
      throw methodNotAllowed(
        request,
        response,
        METHODS.filter((name) => name in found.route),
      );
    if (method === 'POST' || found.route.open !== true) {
      requireToken(request, site.token);
      site.connections.trust(request.socket);
    }
    if (method === 'POST') requireJson(request);
    const { backend, streams } = site;
    await handler({ backend, streams, request, response, query, id: found.id });
  } catch (error) {
    if (!sendThrown(response, error))
      site.log(`admin: ${error instanceof Error ? error.stack : messageOf(error)}`);
  }
}

function targetOf(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '', ...rest] = target.split('?');
  return { path, query: new URLSearchParams(rest.join('?')) };
}

function notFound(path: string): AdminError {
  const message = `the admin API has no ${path.slice(0, 100)}`;
  return new AdminError(404, { code: 'NOT_FOUND', message, hint: 'start at /v1/status', exitCode: 2 });
}

function methodNotAllowed(request: IncomingMessage, response: ServerResponse, methods: string[]): AdminError {
  response.setHeader('allow', methods.join(', '));
  const message = `${request.method ?? ''} is not a method of this path`;
  const hint = `use ${methods.join(' or ')}`;
  return new AdminError(405, { code: 'METHOD_NOT_ALLOWED', message, hint, exitCode: 2 });
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  if (host !== 'localhost' && !isLoopbackAddress(host)) throw notLoopback(host);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw listenFailed(error, `${host}:${port}`);
  });
  const bound = server.address() as AddressInfo;
  if (isLoopbackAddress(bound.address)) return bound.port;
  // `localhost` may be anything in a hosts file.
  server.close();
  throw notLoopback(bound.address);
}

function notLoopback(host: string): CutoverError {
  return new CutoverError('ADMIN_NOT_LOOPBACK', `the admin API may listen on loopback only, not on ${host}`, {
    hint: 'set admin: { address: 127.0.0.1:9901 }, and reach it from afar through ssh -L',
    exitCode: 2,
  });
}

function listenFailed(error: unknown, address: string): CutoverError {
  if (systemCode(error) === 'EADDRINUSE') {
    return new CutoverError('PORT_TAKEN', `the admin address ${address} is taken`, {
      hint: `see who has it: ss -ltnp 'sport = :${address.slice(address.lastIndexOf(':') + 1)}'`,
      cause: error,
    });
  }
  const message = `the admin API cannot listen on ${address}: ${messageOf(error)}`;
  return new CutoverError('ADMIN_LISTEN', message, {
    hint: 'set another admin: { address: … }',
    cause: error,
  });
}
