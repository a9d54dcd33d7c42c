// HOT: one object per call to a lane; every body chunk passes through `onData`.
import { monotonicUs } from '../core/clock.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { Lane } from '../core/snapshot.ts';
import type { Copy } from '../shadow/copy.ts';
import { cleanAnswer } from './forwarded.ts';
import type { Inbound, Outbound, OutboundHandler, ResponseHead, SwitchedConnection } from '../wire/types.ts';

/** What the relay asks of the exchange it works for. */
export interface RelayOwner {
  readonly inbound: Inbound;
  /** The copy that wants to see this answer too, or null. */
  readonly copy: Copy | null;
  /** The head arrived; the owner sends it on. */
  laneHead(head: ResponseHead, lane: Lane): void;
  /** The lane's answer is complete. */
  laneEnd(): void;
  /** The candidate's first try failed; another server of it is asked. */
  laneRetried(code: FailureCode): void;
  /** The server switched protocols: the exchange is a tunnel from now on. */
  laneUpgraded(head: ResponseHead, lane: Lane, server: SwitchedConnection): void;
  /** No complete answer will come. */
  laneFailed(code: FailureCode, lane: Lane, headWasSent: boolean): void;
}

/** Carries one lane's answer to the client, with backpressure. */
export class Relay implements OutboundHandler {
  readonly lane: Lane;
  private readonly owner: RelayOwner;
  /** The copy observes the lane that was assigned, never a fallback. */
  private observed: Copy | null;
  private call: Outbound | null = null;
  private headSeen = false;
  private sentUs = -1;
  private endUs = -1;
  over = false;

  constructor(owner: RelayOwner, lane: Lane, observed: Copy | null) {
    this.owner = owner;
    this.lane = lane;
    this.observed = observed;
  }

  /** The call this relay hears about. */
  attach(call: Outbound): void {
    this.call = call;
  }

  /** Request sent → end of the answer or failure, microseconds; -1 when nothing was sent. */
  get serviceUs(): number {
    return this.sentUs < 0 || this.endUs < 0 ? -1 : this.endUs - this.sentUs;
  }

  onSent(): void {
    this.sentUs = monotonicUs();
    this.observed?.original.sent();
  }

  onInform(status: number, fields: HeaderFields): void {
    cleanAnswer(fields);
    this.owner.inbound.inform(status, fields);
  }

  onHead(head: ResponseHead): void {
    this.headSeen = true;
    this.observed?.original.head(head);
    this.owner.laneHead(head, this.lane);
  }

  onData(chunk: Buffer): void {
    this.observed?.original.body.add(chunk);
    if (!this.owner.inbound.write(chunk)) this.call?.pause();
  }

  onWritable(): void {
    this.owner.inbound.resume();
  }

  onEnd(): void {
    this.finish();
    this.observed?.originalEnd(null);
    this.owner.laneEnd();
  }

  /**
   * What a retry repairs is counted as the candidate's failure all the same, like what a fallback repairs, and as the
   * end of its answer in the pair. Legacy is what the candidate is measured against: there the answer that the
   * client gets counts, so that a doubt is never in the candidate's favour.
   */
  onRetry(code: FailureCode): void {
    if (this.lane === 'legacy') return;
    this.observed?.originalEnd(code);
    this.observed = null;
    this.owner.laneRetried(code);
  }

  onUpgraded(head: ResponseHead, server: SwitchedConnection): void {
    this.finish();
    this.owner.laneUpgraded(head, this.lane, server);
  }

  onFailure(code: FailureCode): void {
    this.finish();
    this.observed?.originalEnd(code);
    this.owner.laneFailed(code, this.lane, this.headSeen);
  }

  private finish(): void {
    this.over = true;
    this.endUs = monotonicUs();
  }

  /** Gives the call up; nothing is heard of it any more. */
  abort(): void {
    if (this.over) return;
    this.finish();
    this.call?.abort();
  }

  write(chunk: Buffer): void {
    if (this.over || this.call === null) return;
    if (!this.call.write(chunk)) this.owner.inbound.pause();
  }

  endRequest(): void {
    if (!this.over) this.call?.end();
  }

  /** The client has room again. */
  resume(): void {
    if (!this.over) this.call?.resume();
  }
}
