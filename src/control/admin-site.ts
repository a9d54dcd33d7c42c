import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { AdminBackend } from './admin-backend.ts';
import { AdminError, sendThrown } from './admin-answer.ts';
import { AdminConnections } from './admin-connections.ts';
import { EventStreams } from './admin-events.ts';
import type { AdminGate } from './admin-gate.ts';
import { requireJson } from './admin-guard.ts';
import { routeOf } from './admin-routes.ts';

export interface AdminSiteOptions {
  readonly backend: AdminBackend;
  readonly gate: AdminGate;
  /** One line for the log of the process. */
  readonly log: (message: string) => void;
  readonly heartbeatMs?: number;
  /** Time to send a complete request. */
  readonly requestMs?: number;
}

/** What the admin API is behind any listening socket: its limits, its routes, and who may ask them. */
export class AdminSite {
  private readonly options: AdminSiteOptions;
  private readonly requestMs: number;
  private readonly streams: EventStreams;
  private readonly connections = new AdminConnections();

  constructor(options: AdminSiteOptions) {
    this.options = options;
    this.requestMs = options.requestMs ?? LIMITS.adminRequestMs;
    this.streams = new EventStreams(options.backend, options.heartbeatMs ?? LIMITS.adminHeartbeatMs);
  }

  /** How the server reads, whatever stands beneath it. */
  serverOptions() {
    const { requestMs } = this;
    return {
      maxHeaderSize: LIMITS.headBytes,
      requestTimeout: requestMs,
      headersTimeout: Math.min(LIMITS.adminHeadMs, requestMs / 2),
      connectionsCheckingInterval: Math.min(LIMITS.adminHeadMs, requestMs) / 4,
    };
  }

  /** Bounds the connections of a server. @param event that a connection comes with when it can be read */
  attach(server: Server, event: 'connection' | 'secureConnection' = 'connection'): void {
    server.on(event, (socket) => this.connections.add(socket));
    server.setTimeout(LIMITS.adminIdleMs, (socket) => socket.destroy());
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    response.once('close', this.connections.enter(request.socket));
    void this.handle(request, response);
  }

  /** Frees the port at once, ends event streams and waits for answers under way. */
  async close(server: Server): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    this.streams.close();
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), this.requestMs);
    await closed;
    clearTimeout(timer);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    try {
      await this.dispatch(request, response);
    } catch (error) {
      if (!sendThrown(response, error))
        this.options.log(`admin: ${error instanceof Error ? error.stack : messageOf(error)}`);
    }
  }

  private async dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { backend, gate } = this.options;
    const { path, query } = targetOf(request.url ?? '');
    const { route = null, id = '' } = routeOf(path, gate.isLocal) ?? {};
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const handler = method === 'GET' || method === 'POST' ? route?.[method] : undefined;
    const isCommand = method === 'POST';
    const isOpen = handler === undefined || (!isCommand && route?.open === true);
    const caller = await gate.admit(request, { open: isOpen, role: isCommand ? 'operate' : 'read' });
    if (caller.trusted) this.connections.trust(request.socket);
    if (route === null) throw notFound(path);
    if (handler === undefined) throw methodNotAllowed(request, response, Object.keys(route));
    if (isCommand) requireJson(request);
    await handler({ backend, streams: this.streams, request, response, query, id, caller });
  }
}

const METHODS = ['GET', 'POST'];

function targetOf(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '', ...rest] = target.split('?');
  return { path, query: new URLSearchParams(rest.join('?')) };
}

function notFound(path: string): AdminError {
  const message = `the admin API has no ${path.slice(0, 100)}`;
  return new AdminError(404, { code: 'NOT_FOUND', message, hint: 'start at /v1/status', exitCode: 2 });
}

function methodNotAllowed(request: IncomingMessage, response: ServerResponse, keys: string[]): AdminError {
  const methods = METHODS.filter((name) => keys.includes(name));
  response.setHeader('allow', methods.join(', '));
  const message = `${request.method ?? ''} is not a method of this path`;
  const hint = `use ${methods.join(' or ')}`;
  return new AdminError(405, { code: 'METHOD_NOT_ALLOWED', message, hint, exitCode: 2 });
}
