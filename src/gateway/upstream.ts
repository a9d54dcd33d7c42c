// HOT: one index per call; a second object only when a server could not be reached.
import { monotonicMs } from '../core/clock.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import { LIMITS } from '../core/limits.ts';
import type { UpstreamConfig } from '../core/snapshot.ts';
import { createPool } from '../wire/pool.ts';
import type {
  Outbound,
  OutboundHandler,
  OutboundHead,
  Pool,
  PoolTimeouts,
  ResponseHead,
  SwitchedConnection,
} from '../wire/types.ts';

/** How an upstream is used: by clients, or by copies. */
export interface UpstreamOptions {
  readonly timeouts: PoolTimeouts;
  /** Open connections to one server. */
  readonly maxConnections: number;
  /**
   * A call that failed before anything was answered may be made again where that is safe. Off for copies: what the
   * candidate does wrong must be seen.
   */
  readonly retry: boolean;
}

interface Server {
  readonly pool: Pool;
  /** Monotonic time until which it is passed over, because it could not be reached. */
  shunnedUntilMs: number;
}

/** A group of servers: round robin, past those that could not be reached a moment ago. */
export class Upstream {
  /** Sent as Host instead of the client's, or null. */
  readonly hostHeader: string | null;
  /** `host:port` of the first server. */
  readonly authority: string;
  private readonly servers: readonly Server[];
  private readonly mayMove: boolean;
  private turn = 0;

  constructor(config: UpstreamConfig, options: UpstreamOptions) {
    this.hostHeader = config.hostHeader;
    const [first] = config.servers;
    this.authority = `${first?.host.includes(':') ? `[${first.host}]` : first?.host}:${first?.port}`;
    this.mayMove = options.retry;
    this.servers = config.servers.map(({ host, port }) => ({
      pool: createPool({ host, port, maxWaiting: LIMITS.waitingPerServer, ...options }),
      shunnedUntilMs: 0,
    }));
  }

  /** Starts a call on one server; another one is tried once when the first could not be reached. */
  call(head: OutboundHead, handler: OutboundHandler): Outbound {
    return new UpstreamCall(this, head, handler, this.mayMove && this.servers.length > 1);
  }

  /** The server whose turn it is, if possible not `except` and not one that was shunned. */
  next(except: Server | null): Server | null {
    if (this.servers.length === 1) return except === null ? (this.servers[0] as Server) : null;
    const nowMs = monotonicMs();
    let fallback: Server | null = null;
    for (let step = 0; step < this.servers.length; step += 1) {
      this.turn = (this.turn + 1) % this.servers.length;
      const server = this.servers[this.turn] as Server;
      if (server === except) continue;
      if (server.shunnedUntilMs <= nowMs) return server;
      fallback ??= server;
    }
    return fallback;
  }

  close(): void {
    for (const server of this.servers) server.pool.close();
  }
}

function isUnreachable(code: FailureCode): boolean {
  return code === 'connect_refused' || code === 'connect_failed' || code === 'connect_timeout';
}

/**
 * A call on one server. It shuns a server that could not be reached and moves to another one, once: nothing was sent
 * yet, so that is safe for every method. What the caller wrote meanwhile is kept for the move, within a limit.
 */
class UpstreamCall implements Outbound, OutboundHandler {
  private readonly upstream: Upstream;
  private readonly head: OutboundHead;
  private readonly handler: OutboundHandler;
  private server: Server;
  private current: Outbound;
  private mayMove: boolean;
  private unsent: Buffer[] = [];
  private unsentBytes = 0;
  private ended = false;

  constructor(upstream: Upstream, head: OutboundHead, handler: OutboundHandler, mayMove: boolean) {
    this.upstream = upstream;
    this.head = head;
    this.handler = handler;
    this.mayMove = mayMove;
    this.server = upstream.next(null) as Server;
    this.current = this.server.pool.call(head, this);
  }

  onFailure(code: FailureCode, sent: boolean): void {
    if (!isUnreachable(code)) return this.handler.onFailure(code, sent);
    this.server.shunnedUntilMs = monotonicMs() + LIMITS.serverShunMs;
    const other = sent || !this.mayMove ? null : this.upstream.next(this.server);
    if (other === null) return this.handler.onFailure(code, sent);
    this.mayMove = false;
    this.server = other;
    this.current = other.pool.call(this.head, this);
    this.replay();
  }

  private replay(): void {
    let room = true;
    for (const chunk of this.unsent) room = this.current.write(chunk) && room;
    const waited = this.unsent.length > 0 && !this.ended;
    this.unsent = [];
    if (this.ended) this.current.end();
    else if (waited && room) queueMicrotask(() => this.handler.onWritable());
  }

  onSent(reused: boolean): void {
    this.mayMove = false;
    this.unsent = [];
    this.handler.onSent(reused);
  }
  onInform(status: number, fields: HeaderFields): void {
    this.handler.onInform(status, fields);
  }
  onHead(head: ResponseHead): void {
    this.handler.onHead(head);
  }
  onData(chunk: Buffer): void {
    this.handler.onData(chunk);
  }
  onEnd(): void {
    this.handler.onEnd();
  }
  onUpgraded(head: ResponseHead, server: SwitchedConnection): void {
    if (this.handler.onUpgraded === undefined) server.destroy();
    else this.handler.onUpgraded(head, server);
  }
  onWritable(): void {
    this.handler.onWritable();
  }

  write(chunk: Uint8Array): boolean {
    if (this.mayMove) this.keep(chunk);
    return this.current.write(chunk);
  }
  end(): void {
    this.ended = true;
    this.current.end();
  }
  /** A body too large to be kept stays with the server it was begun on. */
  private keep(chunk: Uint8Array): void {
    this.unsentBytes += chunk.length;
    if (this.unsentBytes <= LIMITS.heldBodyBytes) this.unsent.push(Buffer.from(chunk));
    else {
      this.mayMove = false;
      this.unsent = [];
    }
  }
  pause(): void {
    this.current.pause();
  }
  resume(): void {
    this.current.resume();
  }
  abort(): void {
    this.current.abort();
  }
}
