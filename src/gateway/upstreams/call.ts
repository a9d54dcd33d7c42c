// HOT: one object per request; lists are made only when a server failed.
import { failure } from '../../core/errors.ts';
import type { FailureCode } from '../../core/errors.ts';
import type { HeaderFields } from '../../core/headers.ts';
import { LIMITS } from '../../core/limits.ts';
import type {
  Outbound,
  OutboundHandler,
  OutboundHead,
  ResponseHead,
  SwitchedConnection,
} from '../../wire/types.ts';
import { mayBeRepeated } from '../../wire/call.ts';
import { isServerFault } from './group.ts';
import type { ServerGroup } from './group.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Server } from './server.ts';

/** What all calls of one upstream share. */
export interface CallPlan {
  readonly group: ServerGroup;
  readonly budget: RetryBudget;
  /** Tries of one request, the first one included. */
  readonly tries: number;
  /** Time of one request, all its tries together; 0 for any. */
  readonly totalMs: number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/**
 * One request to an upstream of several servers. What fails before any answer is tried on another server, if a byte
 * of it can not have reached the first one, or it is idempotent and has no body, and the budget allows it; the
 * handler hears of that (`onRetry`). What its caller wrote before the request was sent is kept for that, within a
 * limit. Every end is told to the breaker of its server.
 */
export class UpstreamCall implements Outbound, OutboundHandler {
  private readonly plan: CallPlan;
  private readonly head: OutboundHead;
  private readonly handler: OutboundHandler;
  private server: Server;
  private current: Outbound;
  /** State of the server's breaker when its try began; 'over' when the breaker has heard of it. */
  private begun: 'closed' | 'open' | 'probe' | 'over' = 'over';
  /** An answer that is no failure is on its way. */
  private isAnswering = false;
  private triesLeft: number;
  /** When it began; told only where there is a total time. */
  private readonly startedMs: number;
  private tried: Server[] | null = null;
  /** The body so far is kept, or was not written. */
  private keepsBody: boolean;
  private unsent: Buffer[] = [];
  private unsentBytes = 0;
  private ended = false;

  constructor(plan: CallPlan, head: OutboundHead, handler: OutboundHandler) {
    this.plan = plan;
    this.head = head;
    this.handler = handler;
    this.triesLeft = plan.tries - 1;
    this.startedMs = plan.totalMs > 0 ? plan.clock() : 0;
    this.keepsBody = this.triesLeft > 0;
    plan.budget.earn();
    this.server = plan.group.pick(head);
    this.current = this.begin();
  }

  private begin(): Outbound {
    const { group } = this.plan;
    const isOpen = this.server.breaker.state !== 'closed';
    this.begun = group.isProbe ? 'probe' : isOpen ? 'open' : 'closed';
    return this.server.pool.call(this.head, this, this.leftMs());
  }

  /** Left of the total time; 0 for any. */
  private leftMs(): number {
    const { totalMs, clock } = this.plan;
    return totalMs === 0 ? 0 : Math.max(1, totalMs - (clock() - this.startedMs));
  }

  onHead(head: ResponseHead): void {
    this.triesLeft = 0;
    if (isGatewayFailure(head.status)) this.tellFailure(false);
    else if (this.begun !== 'closed') this.tellReturn();
    this.isAnswering = this.begun === 'closed';
    this.handler.onHead(head);
  }

  onUpgraded(head: ResponseHead, server: SwitchedConnection): void {
    this.triesLeft = 0;
    if (this.begun !== 'closed') this.tellReturn();
    this.server.breaker.succeeded();
    if (this.handler.onUpgraded === undefined) server.destroy();
    else this.handler.onUpgraded(head, server);
  }

  /** A server that was out has answered. */
  private tellReturn(): void {
    this.begun = 'closed';
    this.plan.group.close(this.server);
  }

  private tellFailure(isUnreachable: boolean): void {
    const { begun } = this;
    this.begun = 'over';
    if (begun !== 'over') this.plan.group.failed(this.server, isUnreachable, begun);
  }

  /** The try ended by no fault of the server's: a probe has to be made again. */
  private tellNothing(): void {
    if (this.begun === 'probe' && this.server.breaker.state === 'half-open') this.server.breaker.release();
    this.begun = 'over';
  }

  onFailure(code: FailureCode, sent: boolean): void {
    if (isServerFault(code)) this.tellFailure(isUnreachable(code));
    else this.tellNothing();
    const other = this.mayTryAgain(code, sent) ? this.other() : null;
    if (other === null) return this.handler.onFailure(code, sent);
    this.server = other;
    this.handler.onRetry?.(code);
    this.current = this.begin();
    this.replay();
  }

  private mayTryAgain(code: FailureCode, sent: boolean): boolean {
    if (this.triesLeft <= 0 || !failure(code).retry) return false;
    return mayBeRepeated(this.head) || (!sent && this.keepsBody);
  }

  private other(): Server | null {
    const { group, budget, clock } = this.plan;
    this.triesLeft -= 1;
    (this.tried ??= []).push(this.server);
    if (!group.hasAnother(this.tried) || !budget.take(clock())) return null;
    return group.another(this.head, this.tried);
  }

  private replay(): void {
    let room = true;
    for (const chunk of this.unsent) room = this.current.write(chunk) && room;
    const waited = this.unsent.length > 0 && !this.ended;
    if (this.ended) this.current.end();
    else if (waited && room) queueMicrotask(() => this.handler.onWritable());
  }

  onSent(reused: boolean): void {
    this.keepsBody = false;
    this.unsent = [];
    this.handler.onSent(reused);
  }
  onInform(status: number, fields: HeaderFields): void {
    this.triesLeft = 0;
    this.handler.onInform(status, fields);
  }
  onData(chunk: Buffer): void {
    this.handler.onData(chunk);
  }
  onEnd(): void {
    if (this.begun === 'closed') this.server.breaker.succeeded();
    this.handler.onEnd();
  }
  onWritable(): void {
    this.handler.onWritable();
  }

  write(chunk: Uint8Array): boolean {
    if (this.keepsBody) this.keep(chunk);
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
      this.keepsBody = false;
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
    // An endless stream ends with its client: the server has done well until then.
    if (this.isAnswering && this.begun === 'closed') this.server.breaker.succeeded();
    this.tellNothing();
    this.current.abort();
  }
}

function isUnreachable(code: FailureCode): boolean {
  return (
    code === 'connect_refused' ||
    code === 'connect_failed' ||
    code === 'connect_timeout' ||
    code === 'upstream_certificate'
  );
}

/** Answers that say that a server cannot answer: bad gateway, unavailable, gateway timeout (RFC 9110, section 15.6). */
function isGatewayFailure(status: number): boolean {
  return status >= 502 && status <= 504;
}
