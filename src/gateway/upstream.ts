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
} from '../wire/types.ts';

interface Server {
  readonly pool: Pool;
  /** Monotonic time until which it is passed over, because it could not be reached. */
  shunnedUntilMs: number;
}

/** A group of servers: round robin, past those that could not be reached a moment ago. */
export class Upstream {
  readonly config: UpstreamConfig;
  private readonly servers: readonly Server[];
  private turn = 0;

  constructor(
    config: UpstreamConfig,
    timeouts: PoolTimeouts,
    maxConnections: number = LIMITS.connectionsPerServer,
  ) {
    this.config = config;
    this.servers = config.servers.map(({ host, port }) => ({
      pool: createPool({ host, port, timeouts, maxConnections, maxWaiting: LIMITS.waitingPerServer }),
      shunnedUntilMs: 0,
    }));
  }

  /** Starts a call on one server; another one is tried once when the first could not be reached. */
  call(head: OutboundHead, handler: OutboundHandler): Outbound {
    return new UpstreamCall(this, head, handler);
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
 * A call on one server. It shuns a server that could not be reached, and a call without a body then moves to
 * another one, once: nothing was sent yet.
 */
class UpstreamCall implements Outbound, OutboundHandler {
  private readonly upstream: Upstream;
  private readonly head: OutboundHead;
  private readonly handler: OutboundHandler;
  private server: Server;
  private current: Outbound;
  private mayMove: boolean;

  constructor(upstream: Upstream, head: OutboundHead, handler: OutboundHandler) {
    this.upstream = upstream;
    this.head = head;
    this.handler = handler;
    this.mayMove = head.framing === 'none';
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
    this.current.end();
  }

  onSent(reused: boolean): void {
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
  onWritable(): void {
    this.handler.onWritable();
  }

  write(chunk: Uint8Array): boolean {
    return this.current.write(chunk);
  }
  end(): void {
    this.current.end();
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
