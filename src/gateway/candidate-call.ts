// HOT: one object per call; no promise unless a filter returns one.
import type { FailureCode } from '../core/errors.ts';
import type { RouteConfig } from '../core/snapshot.ts';
import type { HeaderFields } from '../core/headers.ts';
import type {
  Outbound,
  OutboundHandler,
  OutboundHead,
  ResponseHead,
  SwitchedConnection,
} from '../wire/types.ts';
import { failureAnswer, playAnswer } from './answers.ts';
import { laneFault } from './filters/fault.ts';
import { runOnDone, runOnRequest, runOnResponse, runOnUpstreamRequest } from './filters/run.ts';
import type { Filter, FilterAnswer } from './filters/types.ts';
import { outboundHead } from './lane-request.ts';
import type { LaneRequest } from './lane-request.ts';
import { movedTarget, redirectAnswer } from './routing/moves.ts';
import type { Upstream } from './upstream.ts';

const NONE: readonly Filter[] = [];

/**
 * One request in the candidate lane: its filters, then a server. While a filter thinks, body chunks are refused
 * (one is kept), so that nothing piles up.
 */
export class CandidateCall implements Outbound, OutboundHandler {
  private readonly request: LaneRequest;
  private readonly upstream: Upstream | null;
  private readonly handler: OutboundHandler;
  private readonly filters: readonly Filter[];
  private call: Outbound | null = null;
  private early: Buffer[] = [];
  private ended = false;
  private paused = false;
  private over = false;
  private bodyBytes = 0;
  private isCut = false;
  private isAnswered = false;

  constructor(request: LaneRequest, upstream: Upstream | null, handler: OutboundHandler) {
    this.request = request;
    this.upstream = upstream;
    this.handler = handler;
    this.filters = request.matched?.filters ?? NONE;
  }

  /** Runs the filters, then forwards or answers. */
  start(): void {
    if (this.filters.length === 0 && this.upstream !== null) return this.forward(this.upstream);
    if (this.request.matched === null) return this.answerLater(failureAnswer('no_route'));
    try {
      const answer = runOnRequest(this.filters, this.request);
      if (answer instanceof Promise) {
        answer.then(
          (settled) => this.filtered(settled),
          (thrown: unknown) => this.fail(laneFault(thrown)),
        );
      } else if (answer === null) this.filtered(null);
      else this.answerLater(answer);
    } catch (thrown) {
      this.failLater(laneFault(thrown));
    }
  }

  private failLater(code: FailureCode): void {
    queueMicrotask(() => this.fail(code));
  }

  /** The lane failed by itself: a fallback may still answer. */
  private fail(code: FailureCode): void {
    this.early = [];
    this.onFailure(code, false);
  }

  private filtered(answer: FilterAnswer | null): void {
    if (this.over) return;
    if (answer !== null) return this.play(answer);
    if (this.request.matched?.config.redirect !== undefined)
      return this.redirect(this.request.matched.config);
    if (this.upstream === null) return this.failLater('no_server');
    try {
      runOnUpstreamRequest(this.filters, this.request);
    } catch (thrown) {
      return this.failLater(laneFault(thrown));
    }
    this.forward(this.upstream);
  }

  private redirect(config: RouteConfig): void {
    const { path, target } = this.request;
    this.answerLater(redirectAnswer(config, path, target) ?? failureAnswer('no_route'));
  }

  private forward(upstream: Upstream): void {
    const head = this.headFor(upstream);
    if (head.target === '') return this.answerLater(failureAnswer('no_route'));
    const call = upstream.call(head, this);
    this.call = call;
    if (this.paused) call.pause();
    let room = true;
    for (const chunk of this.early) room = call.write(chunk) && room;
    const kept = this.early.length > 0;
    this.early = [];
    if (this.ended) call.end();
    else if (kept && room) queueMicrotask(() => this.onWritable());
  }

  /** The head with its path rewritten, where the route says so. */
  private headFor(upstream: Upstream): OutboundHead {
    const head = outboundHead(this.request, upstream);
    const config = this.request.matched?.config;
    if (config?.rewrite === undefined) return head;
    const target = movedTarget(config.match, config.rewrite.prefix, this.request.path, head.target);
    return { ...head, target };
  }

  private answerLater(answer: FilterAnswer): void {
    queueMicrotask(() => {
      if (!this.over) this.play(answer);
    });
  }

  private play(answer: FilterAnswer): void {
    if (answer.failure !== undefined) return this.fail(answer.failure);
    this.early = [];
    playAnswer(answer, this, this.request.method);
  }

  write(chunk: Uint8Array): boolean {
    if (this.over || this.isCut) return true;
    const { bodyLimit } = this.request;
    this.bodyBytes += chunk.length;
    if (bodyLimit > 0 && this.bodyBytes > bodyLimit) return this.cutBody();
    if (this.call !== null) return this.call.write(chunk);
    this.early.push(Buffer.from(chunk));
    return false;
  }
  /** More than a filter allows: the lane answers 413, or breaks off where it has begun to answer. */
  private cutBody(): true {
    this.isCut = true;
    this.call?.abort();
    if (this.isAnswered) this.onFailure('body_too_large', true);
    else this.answerLater(failureAnswer('body_too_large'));
    return true;
  }
  end(): void {
    this.ended = true;
    if (!this.isCut) this.call?.end();
  }
  pause(): void {
    this.paused = true;
    this.call?.pause();
  }
  resume(): void {
    this.paused = false;
    this.call?.resume();
  }
  abort(): void {
    if (this.over) return;
    this.call?.abort();
    this.done('aborted');
  }

  onSent(reused: boolean): void {
    this.handler.onSent(reused);
  }
  onInform(status: number, fields: HeaderFields): void {
    if (!this.over) this.handler.onInform(status, fields);
  }
  onHead(head: ResponseHead): void {
    if (this.over) return;
    try {
      runOnResponse(this.filters, this.request, head);
    } catch {
      this.call?.abort();
      return this.onFailure('filter_failed', true);
    }
    this.isAnswered = true;
    this.handler.onHead(head);
  }
  onUpgraded(head: ResponseHead, server: SwitchedConnection): void {
    if (this.over || this.handler.onUpgraded === undefined) return server.destroy();
    try {
      runOnResponse(this.filters, this.request, head);
    } catch {
      server.destroy();
      return this.onFailure('filter_failed', true);
    }
    this.done(null);
    this.handler.onUpgraded(head, server);
  }
  onData(chunk: Buffer): void {
    if (!this.over) this.handler.onData(chunk);
  }
  onWritable(): void {
    if (!this.over) this.handler.onWritable();
  }
  onEnd(): void {
    if (this.over) return;
    this.done(null);
    this.handler.onEnd();
  }
  onRetry(code: FailureCode): void {
    if (!this.over) this.handler.onRetry?.(code);
  }
  onFailure(code: FailureCode, sent: boolean): void {
    if (this.over) return;
    this.done(code);
    this.handler.onFailure(code, sent);
  }

  private done(failed: FailureCode | null): void {
    this.over = true;
    this.request.isOver = true;
    this.early = [];
    runOnDone(this.filters, this.request, failed);
  }
}
