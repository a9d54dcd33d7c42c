// HOT: one object per sampled request; the timer is the only allocation besides the bytes that are kept.
import { monotonicUs } from '../core/clock.ts';
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import { LIMITS } from '../core/limits.ts';
import type { Outcome, Pair } from '../core/observation.ts';
import type { CopyCell } from '../telemetry/cells.ts';
import type { Outbound, OutboundHandler, ResponseHead } from '../wire/types.ts';
import { AnswerCopy, areTold } from './answer-copy.ts';
import { BodyCopy } from './body-copy.ts';
import type { CopyRefusal, Mirror } from './mirror.ts';
import type { NoiseLeg } from './noise-leg.ts';

/** What identifies the request that is copied; answers are added when both are there. */
export type CopySubject = Omit<Pair, 'legacy' | 'candidate'> & {
  /** Host and fields as the answering lane got them, for an example. */
  readonly host?: string | undefined;
  readonly fields?: HeaderFields | undefined;
};

/** Starts the call of the copy on the other lane, or that of its noise leg on legacy. */
export type CopyCall = (body: Buffer, handler: OutboundHandler, leg: NoiseLeg | null) => Outbound;

/**
 * One duplicated request: collects the request body, sends the copy when the body is complete, and joins the two
 * answers. Nothing that happens here is ever seen by the client. Every copy that was sent is concluded once.
 */
export class Copy implements OutboundHandler {
  readonly subject: CopySubject;
  readonly cell: CopyCell;
  readonly request: BodyCopy;
  /** The answer the client gets, and the answer to the copy. */
  readonly original: AnswerCopy;
  readonly answer: AnswerCopy;
  /** Whether this pair may be counted as evidence; decided when both lanes have ended. */
  evidence = false;
  /** Called once, when nothing will be done for this copy any more. */
  onOver: (() => void) | null = null;
  /** What was decided in the end; null while the request body is still collected. */
  decision: 'sent' | 'too_large' | 'dropped' | 'candidate_saturated' | null = null;
  readonly mirror: Mirror;
  /** Tail threshold of the route when the request came, microseconds; undefined when it has none yet. */
  readonly tauUs: number | undefined;
  private call: Outbound | null = null;
  private timer: NodeJS.Timeout | null = null;
  private state: 'collecting' | 'running' | 'answered' | 'over' = 'collecting';
  private originalEnded = false;
  private clientGone = false;
  /** The client waited in vain for one lane while the other one had answered. */
  outwaited = false;
  private endless = false;
  /** Legacy is asked this request again. */
  leg: NoiseLeg | null = null;
  private reachedServer = false;
  /** When it was sent, and when its answer ended, monotonic microseconds. */
  private startedUs = 0;
  private endUs = 0;

  constructor(mirror: Mirror, subject: CopySubject, cell: CopyCell, tauUs: number | undefined) {
    this.tauUs = tauUs;
    this.mirror = mirror;
    this.subject = subject;
    this.cell = cell;
    const { budget, limits, memory } = mirror;
    this.request = new BodyCopy(budget, limits.requestBodyBytes);
    this.original = new AnswerCopy(budget, limits.answerBytes, memory);
    this.answer = new AnswerCopy(budget, limits.answerBytes, memory);
  }

  /** The request body is complete: the copy goes out, or is refused for a reason that is counted. */
  send(start: CopyCall): void {
    if (this.state !== 'collecting') return;
    if (this.request.overflowed === 'limit') return this.refuse('too_large');
    if (this.request.overflowed === 'budget') return this.refuse('dropped');
    const refusal = this.mirror.refusal(this.subject.direction, this.subject.route);
    if (refusal !== null) return this.refuse(refusal);
    this.decision = 'sent';
    this.cell.decide('sent');
    this.state = 'running';
    this.startedUs = monotonicUs();
    this.mirror.started(this.subject);
    this.timer = setTimeout(() => this.timeOut(), this.mirror.limits.timeoutMs);
    this.sendBoth(start);
  }

  /** The copy, and the noise leg if there is one, in the order that was drawn. */
  private sendBoth(start: CopyCall): void {
    const body = this.request.body();
    this.leg = this.mirror.noise.legFor(this, start, this.mirror.budget.paused);
    if (this.leg?.first === true) this.leg.send(body);
    this.call = start(body, this, null);
    if (this.leg?.first === false) this.leg.send(body);
  }

  get limits(): Mirror['limits'] {
    return this.mirror.limits;
  }

  private refuse(decision: 'too_large' | CopyRefusal): void {
    this.decision = decision;
    if (decision === 'too_large') this.cell.decide(decision);
    else this.mirror.refuse(this.cell, decision, this.subject.method);
    this.leave();
    this.free();
  }

  private leave(): void {
    this.state = 'over';
    this.onOver?.();
  }

  /** The original answer ended, completely or by a failure of its lane. */
  originalEnd(failed: FailureCode | null): void {
    if (this.originalEnded) return;
    this.originalEnded = true;
    this.original.end(failed);
    this.settle();
  }

  /**
   * The client went away before its answer was complete: there is nothing to compare with. But where it went before the first
   * byte, and the other lane had given its whole answer by then, its patience says which lane is at fault: who counted
   * none of these would prove a lane that hangs by those requests that it answers.
   * @param gaveUp it went by itself: who is cut by the gateway, at the end of a drain say, says nothing about a lane
   */
  clientAborted(gaveUp: boolean): void {
    if (this.state === 'collecting') return this.refuse('dropped');
    if (this.originalEnded || this.state === 'over') return;
    this.originalEnded = true;
    this.clientGone = true;
    this.outwaited = gaveUp && this.state === 'answered' && !this.answer.bad && !this.original.begun;
    if (this.outwaited) this.original.end('total_timeout');
    if (this.state === 'running') this.giveUp();
    this.finishAnswer('aborted');
  }

  onSent(): void {
    this.reachedServer = true;
    this.answer.sent();
  }

  onInform(_status: number, _fields: HeaderFields): void {
    // An interim answer says nothing that could be compared.
  }

  onHead(head: ResponseHead): void {
    this.answer.head(head);
  }

  onData(chunk: Buffer): void {
    this.answer.body.add(chunk);
  }

  onWritable(): void {
    // The whole body was handed over at once; the wire keeps what the socket did not take.
  }

  onEnd(): void {
    if (!this.reachedServer) this.cell.answeredByFilter += 1;
    this.finishAnswer(null);
  }

  onFailure(code: FailureCode, sent: boolean): void {
    if (!sent && !this.reachedServer) this.cell.neverSent += 1;
    this.finishAnswer(code);
  }

  private timeOut(): void {
    if (this.state !== 'running') return;
    this.giveUp();
    this.finishAnswer('total_timeout');
  }

  private giveUp(): void {
    this.call?.abort();
    if (!this.reachedServer) this.cell.neverSent += 1;
  }

  private finishAnswer(failed: FailureCode | null): void {
    if (this.state === 'running') {
      this.state = 'answered';
      this.endUs = monotonicUs();
      if (this.timer !== null) clearTimeout(this.timer);
      this.answer.end(failed);
      this.request.free();
      this.mirror.answered(this.subject, failed);
      if (!this.originalEnded) this.awaitOriginal();
    }
    this.settle();
  }

  /** An original that goes on for ever, an event stream say, has no pair: its copy is let go of. */
  private awaitOriginal(): void {
    this.timer = setTimeout(() => {
      if (this.state !== 'answered') return;
      this.originalEnded = true;
      this.endless = true;
      this.settle();
    }, LIMITS.originalWaitMs);
  }

  /** Concludes when both sides have ended. */
  private settle(): void {
    if (this.state !== 'answered' || !this.originalEnded) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.leave();
    this.mirror.released();
    const outcome = this.outcome();
    if (this.answer.failed !== null && !this.clientGone) this.cell.fail(this.answer.failed);
    if (!this.endless && (!this.clientGone || this.outwaited)) {
      this.mirror.judge(this);
      this.mirror.noAnswer(this);
    }
    this.tellLeg();
    if (outcome === 'response_too_large') this.mirror.unequal(this);
    if (outcome !== null) return this.conclude(outcome);
    if (!this.mirror.compare(this)) this.conclude('diff_dropped');
  }

  private tellLeg(): void {
    const legacy = this.subject.direction === 'shadow' ? this.original : this.answer;
    this.leg?.copyEnded(legacy, this.clientGone ? 'client_aborted' : this.endless ? 'diff_dropped' : null);
  }

  /** Null when the pair is complete and has to be compared. */
  private outcome(): Outcome | null {
    if (this.clientGone) return 'client_aborted';
    const { failed } = this.answer;
    if (failed !== null) return failure(failed).status === 504 ? 'timed_out' : 'shadow_failed';
    const overflows = [this.answer.body.overflowed, this.original.body.overflowed];
    if (overflows.includes('limit') && !areTold(this.answer, this.original)) return 'response_too_large';
    // Such a failure, or a budget that was spent, is the gateway's doing and no property of the answer.
    const { failed: unserved } = this.original;
    if (unserved !== null && failure(unserved).blame !== 'lane') return 'diff_dropped';
    return this.endless || overflows.includes('budget') ? 'diff_dropped' : null;
  }

  /** Counts what became of the copy and lets go of its bytes. */
  conclude(outcome: Outcome): void {
    if (outcome !== 'compared') this.leg?.pairCompared(null);
    this.mirror.conclude(this, outcome, this.endUs - this.startedUs);
    this.free();
  }

  private free(): void {
    this.request.free();
    this.original.body.free();
    this.answer.body.free();
  }
}
