// HOT: a call takes the connection that was used last, or waits its bounded turn.
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { Call, type CallHost } from './call.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientHost } from './client-host.ts';
import { reportDefect } from './defect.ts';
import { Sweeper } from './sweeper.ts';
import type { Outbound, OutboundHandler, OutboundHead, Pool, PoolOptions } from './types.ts';

/** Connections to one server on plain sockets; see {@link Pool}. */
export function createPool(options: PoolOptions): Pool {
  return new SocketPool(options);
}

class SocketPool implements Pool, CallHost, ClientHost {
  readonly options: PoolOptions;
  readonly sweeper = new Sweeper(() => this.expireWaiting());
  readonly stats = { open: 0, active: 0, waiting: 0 };

  /** The last one used is the first one taken: it is the least likely to be closed by its server. */
  private readonly idle: ClientConnection[] = [];
  private readonly open = new Set<ClientConnection>();
  /** In the order of their arrival. */
  private readonly waiting = new Set<Call>();
  private isClosed = false;
  /** Connections that stand, and those that tunnels have taken. */
  private reached = 0;
  private tunnels = 0;
  /** The one connection that tells whether the server can be reached again. */
  private probe: ClientConnection | null = null;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  call(head: OutboundHead, handler: OutboundHandler, totalMs = this.options.timeouts.totalMs): Outbound {
    const call = new Call(head, handler, this);
    call.totalDeadlineMs = this.sweeper.deadline(totalMs);
    if (this.isClosed) return failLater(call, 'draining');
    if (head.upgrade !== '' && this.hasAllTunnels) return failLater(call, 'upstream_busy');
    if (this.dispatch(call)) return call;
    if (this.isCutOff || this.waiting.size >= this.options.maxWaiting) return failLater(call, this.busyCode);
    call.waitDeadlineMs = this.sweeper.deadline(LIMITS.waitingTimeoutMs);
    this.waiting.add(call);
    this.count();
    return call;
  }

  close(): void {
    this.isClosed = true;
    for (const connection of this.idle.slice()) connection.destroy();
  }

  private get hasAllTunnels(): boolean {
    return this.tunnels >= (this.options.maxTunnels ?? Number.POSITIVE_INFINITY);
  }

  /** No connection stands, and none is tried: there is nothing to wait for. */
  private get isCutOff(): boolean {
    return this.reached === 0 && this.options.gate?.isShut === true;
  }

  /** Why there is no connection for a call. */
  private get busyCode(): FailureCode {
    return this.options.gate?.isShut === true ? 'circuit_open' : 'upstream_busy';
  }

  private dispatch(call: Call): boolean {
    const connection = this.idle.pop() ?? this.connect();
    if (connection === null) return false;
    connection.start(call);
    this.count();
    return true;
  }

  private connect(): ClientConnection | null {
    if (this.open.size >= this.options.maxConnections) return null;
    const leave = this.options.gate?.leave() ?? 'yes';
    if (leave === 'no') return null;
    const connection = new ClientConnection(this);
    if (leave === 'probe') this.probe = connection;
    this.open.add(connection);
    this.sweeper.add(connection);
    return connection;
  }

  onReached(): void {
    this.reached += 1;
    this.probe = null;
    const wasShut = this.options.gate?.isShut === true;
    this.options.gate?.reached();
    // Those that waited for this: not at once, the call of this connection goes first.
    if (wasShut && this.waiting.size > 0) process.nextTick(fillPool, this);
  }

  onUnreached(connection: ClientConnection, code: FailureCode): void {
    const isProbe = this.probe === connection;
    if (isProbe) this.probe = null;
    this.options.gate?.unreached(code, isProbe);
  }

  onSwitched(connection: ClientConnection): void {
    this.tunnels += 1;
    this.onGone(connection);
  }

  onTunnelOver(): void {
    this.tunnels -= 1;
    this.count();
  }

  onFree(connection: ClientConnection): void {
    const call = this.nextWaiting();
    if (call !== null) connection.start(call);
    else if (this.isClosed) connection.destroy();
    else this.idle.push(connection);
    this.count();
  }

  onGone(connection: ClientConnection): void {
    this.open.delete(connection);
    this.sweeper.remove(connection);
    if (connection.connected) this.reached -= 1;
    if (this.probe === connection) {
      this.probe = null;
      this.options.gate?.released();
    }
    const place = this.idle.lastIndexOf(connection);
    if (place !== -1) this.idle.splice(place, 1);
    // Not at once: a call that lost its connection is served before those that wait.
    if (this.waiting.size > 0) process.nextTick(fillPool, this);
    this.count();
  }

  onRetry(call: Call): void {
    call.retried = true;
    call.sent = false;
    // A new one first: what closed this connection may have closed those that are idle, too.
    const connection = this.connect() ?? this.idle.pop() ?? null;
    if (connection === null) {
      call.fail(this.busyCode);
      return;
    }
    connection.start(call);
    this.count();
  }

  /** Gives places that became free to the calls that wait. */
  fill(): void {
    while (this.waiting.size > 0) {
      const connection = this.connect();
      if (connection === null) break;
      connection.start(this.nextWaiting() as Call);
      this.count();
    }
    // The sweeper, which ends what waits too long, stops with the last connection.
    if (this.isCutOff) for (const call of this.waiting) this.failWaiting(call);
  }

  private failWaiting(call: Call, code = this.busyCode): void {
    this.onCallGone(call);
    failNow(call, code);
  }

  private nextWaiting(): Call | null {
    for (const call of this.waiting) {
      this.waiting.delete(call);
      return call;
    }
    return null;
  }

  onCallGone(call: Call): void {
    this.waiting.delete(call);
    this.count();
  }

  private count(): void {
    this.stats.open = this.open.size + this.tunnels;
    this.stats.active = this.stats.open - this.idle.length;
    this.stats.waiting = this.waiting.size;
  }

  private expireWaiting(): void {
    const { nowMs } = this.sweeper;
    for (const call of this.waiting) {
      if (call.totalDeadlineMs > 0 && nowMs >= call.totalDeadlineMs) this.failWaiting(call, 'total_timeout');
      else if (nowMs >= call.waitDeadlineMs) this.failWaiting(call);
    }
  }
}

function fillPool(pool: SocketPool): void {
  pool.fill();
}

function failLater(call: Call, code: FailureCode): Outbound {
  process.nextTick(failNow, call, code);
  return call;
}

function failNow(call: Call, code: FailureCode): void {
  try {
    call.fail(code);
  } catch (error) {
    reportDefect(error);
  }
}
