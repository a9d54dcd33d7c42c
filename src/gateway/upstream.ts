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
    const server = this.next(null) as Server;
    const retriable = this.servers.length > 1 && head.framing === 'none';
    if (!retriable) return server.pool.call(head, new ServerWatch(server, handler));
    return new RetriedCall(this, server, head, handler);
  }

  /** The server whose turn it is, if possible not `except` and not one that was shunned. */
  next(except: Server | null): Server | null {
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

/** Passes everything on and remembers a server that could not be reached. */
class ServerWatch implements OutboundHandler {
  private readonly server: Server;
  private readonly handler: OutboundHandler;

  constructor(server: Server, handler: OutboundHandler) {
    this.server = server;
    this.handler = handler;
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
  onFailure(code: FailureCode, sent: boolean): void {
    if (isUnreachable(code)) this.server.shunnedUntilMs = monotonicMs() + LIMITS.serverShunMs;
    this.handler.onFailure(code, sent);
  }
}

/** A call without a body that moves to another server when the first cannot be reached: nothing was sent yet. */
class RetriedCall implements Outbound, OutboundHandler {
  private readonly upstream: Upstream;
  private readonly first: Server;
  private readonly head: OutboundHead;
  private readonly handler: OutboundHandler;
  private current: Outbound;
  private moved = false;

  constructor(upstream: Upstream, first: Server, head: OutboundHead, handler: OutboundHandler) {
    this.upstream = upstream;
    this.first = first;
    this.head = head;
    this.handler = handler;
    this.current = first.pool.call(head, new ServerWatch(first, this));
  }

  onFailure(code: FailureCode, sent: boolean): void {
    const other = this.moved || sent || !isUnreachable(code) ? null : this.upstream.next(this.first);
    if (other === null) return this.handler.onFailure(code, sent);
    this.moved = true;
    this.current = other.pool.call(this.head, new ServerWatch(other, this));
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
