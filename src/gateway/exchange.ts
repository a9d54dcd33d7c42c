// HOT: one object per client request, from its head to its observation.
import { monotonicUs } from '../core/clock.ts';
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { CopyDecision, Observation } from '../core/observation.ts';
import { isIdempotentMethod } from '../core/methods.ts';
import { UNROUTED } from '../core/snapshot.ts';
import type { Lane } from '../core/snapshot.ts';
import type { Copy } from '../shadow/copy.ts';
import type { Inbound, InboundHandler, ResponseHead, SwitchedConnection } from '../wire/types.ts';
import { failureAnswer, headOf } from './answers.ts';
import { identified } from './arrival.ts';
import type { Arrival } from './arrival.ts';
import type { Assignment } from './assignment.ts';
import { planCopy } from './copying.ts';
import { runOnDone } from './filters/run.ts';
import type { FilterAnswer } from './filters/types.ts';
import { forwardedFields } from './forwarded.ts';
import { laneRequestFor } from './lane-request.ts';
import type { LaneRequest } from './lane-request.ts';
import { Relay } from './relay.ts';
import type { RelayOwner } from './relay.ts';
import type { CompiledRoute } from './router.ts';
import type { Runtime } from './runtime.ts';

/** One client request and everything known about it. It runs on one snapshot from start to end. */
export class Exchange implements InboundHandler, RelayOwner {
  readonly inbound: Inbound;
  readonly runtime: Runtime;
  arrival: Arrival;
  readonly matched: CompiledRoute | null;
  readonly fields: HeaderFields;
  assignment: Assignment;
  copy: Copy | null = null;
  /** What the edge filters were shown, when the route has any. */
  edgeRequest: LaneRequest | null = null;
  private copyDecision: CopyDecision | null = null;
  private relay: Relay | null = null;
  private fellBack = false;
  private answeredBy: Lane | 'edge' = 'edge';
  private status = 0;
  private laneFailure: FailureCode | null = null;
  private assignedServiceUs = -1;
  private bodyEnded = false;
  private isCut = false;
  /** It counts against the cap on tunnels; and the lane answered 101. */
  private holdsTunnel = false;
  private isTunnel = false;
  private over = false;

  constructor(runtime: Runtime, inbound: Inbound) {
    this.runtime = runtime;
    this.inbound = inbound;
    const { method, host, path, fields, target } = inbound.head;
    this.arrival = runtime.desk.arrive(inbound);
    this.matched = runtime.router.match(method, host, path, fields, target);
    this.assignment = runtime.assigner.assign(this.arrival, host, fields);
    this.fields = forwardedFields(inbound.head, this.arrival, runtime.plant.claimFields);
  }

  /** The route, also for evidence of the legacy lane. */
  get route(): string {
    return this.matched?.config.name ?? UNROUTED;
  }

  /** A request to one lane, as its filters see it. */
  laneRequest(fields: HeaderFields, copyBodyBytes: number | null): LaneRequest {
    return laneRequestFor(this, fields, copyBodyBytes);
  }

  /** The edge filters know who asks: their lane is chosen by that. */
  identify(): void {
    const claims = this.edgeRequest?.claims ?? null;
    if (claims === null) return;
    const { host, fields } = this.inbound.head;
    this.arrival = identified(this.arrival, claims, this.runtime.snapshot.config.stickyKey);
    this.assignment = this.runtime.assigner.assign(this.arrival, host, fields);
  }

  /** Every edge filter let it pass: the assigned lane is asked, and a copy is begun when one is due. */
  forward(): void {
    if (this.over) return;
    if (this.inbound.head.upgrade !== '') {
      this.holdsTunnel = this.runtime.takeTunnel();
      if (!this.holdsTunnel) return this.refuse('overloaded');
    }
    const plan = planCopy(this);
    this.copyDecision = plan.decision;
    this.copy = plan.copy;
    this.ask(this.assignment.lane, this.copy);
    if (this.inbound.head.framing === 'none') this.endBody();
    else this.inbound.resume();
  }

  private ask(lane: Lane, observed: Copy | null): void {
    const relay = new Relay(this, lane, observed);
    this.relay = relay;
    const port = lane === 'legacy' ? this.runtime.legacy : this.runtime.candidate;
    // What a filter of the candidate lane changes must not reach legacy, by a copy or as a fallback.
    const filtered = lane === 'candidate' && (this.matched?.filters.length ?? 0) > 0;
    relay.attach(port.call(this.laneRequest(filtered ? this.fields.copy() : this.fields, null), relay));
  }

  /** Answers without asking a lane. */
  answerAtEdge(answer: FilterAnswer): void {
    if (this.over) return;
    this.copyDecision = 'ineligible_edge_answer';
    this.laneFailure ??= answer.failure ?? null;
    this.sendAnswer(answer);
  }

  /** The same because of a failure of the gateway's own. */
  refuse(code: FailureCode): void {
    if (this.over) return;
    this.laneFailure = code;
    this.answerAtEdge(failureAnswer(code));
  }

  private sendAnswer(answer: FilterAnswer): void {
    const head = headOf(answer);
    this.status = head.status;
    this.runtime.explain(head.fields, this.answeredBy);
    this.inbound.respond(head);
    if (answer.body !== '' && this.inbound.head.method !== 'HEAD')
      this.inbound.write(Buffer.from(answer.body));
    this.inbound.end();
  }

  onBody(chunk: Buffer): void {
    if (this.edgeRequest !== null && this.cutsBody(this.edgeRequest.bodyLimit)) return;
    this.copy?.request.add(chunk);
    this.relay?.write(chunk);
  }

  /** More than an edge filter allows: the client is told, and its connection ends. */
  private cutsBody(limit: number): boolean {
    if (this.isCut || limit === 0 || this.inbound.bytesIn <= limit) return this.isCut;
    this.isCut = true;
    this.relay?.abort();
    this.copy?.clientAborted(false);
    this.laneFailure = 'body_too_large';
    if (this.status !== 0) {
      this.inbound.destroy();
      return true;
    }
    this.inbound.closeAfter();
    this.sendAnswer(failureAnswer('body_too_large'));
    return true;
  }

  onBodyEnd(): void {
    if (!this.bodyEnded) this.endBody();
  }

  private endBody(): void {
    this.bodyEnded = true;
    this.relay?.endRequest();
    this.runtime.sendCopy(this);
  }

  onWritable(): void {
    this.relay?.resume();
  }

  laneHead(head: ResponseHead, lane: Lane): void {
    this.answeredBy = lane;
    this.status = head.status;
    this.runtime.explain(head.fields, lane);
    this.inbound.respond(head);
  }

  laneUpgraded(head: ResponseHead, lane: Lane, server: SwitchedConnection): void {
    if (this.over) return server.destroy();
    this.noteService();
    this.answeredBy = lane;
    this.status = head.status;
    this.isTunnel = true;
    this.runtime.explain(head.fields, lane);
    this.runtime.tunnelOpened(this, this.observation(null));
    this.inbound.tunnel(head, server, this.runtime.snapshot.config.timeouts.tunnelIdleMs);
  }

  laneEnd(): void {
    this.noteService();
    this.inbound.end();
  }

  laneRetried(code: FailureCode): void {
    this.laneFailure ??= code;
  }

  laneFailed(code: FailureCode, lane: Lane, headWasSent: boolean): void {
    this.noteService();
    this.laneFailure ??= code;
    if (headWasSent) return this.inbound.destroy();
    if (lane === 'candidate' && this.mayFallBack()) {
      this.fellBack = true;
      this.ask('legacy', null);
      this.relay?.endRequest();
      return;
    }
    this.answeredBy = 'edge';
    this.sendAnswer(failureAnswer(code));
  }

  /** Idempotent, without a body, no upgrade, not tried before, and legacy still serves. */
  private mayFallBack(): boolean {
    if (this.fellBack || this.runtime.snapshot.rollout.phase === 'retired') return false;
    const { method, framing, upgrade } = this.inbound.head;
    if (upgrade !== '') return false;
    return framing === 'none' && isIdempotentMethod(method) && this.matched?.config.fallback === 'legacy';
  }

  private noteService(): void {
    if (!this.fellBack) this.assignedServiceUs = this.relay?.serviceUs ?? -1;
  }

  onFinished(): void {
    this.finish(null);
  }

  onAbort(code: FailureCode): void {
    this.relay?.abort();
    this.copy?.clientAborted(code === 'client_aborted');
    this.finish(code);
  }

  private finish(aborted: FailureCode | null): void {
    if (this.over) return;
    this.over = true;
    const failed = this.laneFailure ?? aborted;
    // The answer came before the request was complete: there is nothing whole to copy.
    if (!this.bodyEnded) this.copy?.clientAborted(false);
    if (aborted !== null && this.assignedServiceUs < 0) this.noteService();
    if (this.edgeRequest !== null) {
      this.edgeRequest.isOver = true;
      runOnDone(this.matched?.edgeFilters ?? [], this.edgeRequest, failed);
    }
    if (this.holdsTunnel) this.runtime.giveTunnelBack(this);
    this.runtime.done(this, this.observation(failed), this.isTunnel ? (aborted ?? 'closed') : null);
  }

  private observation(failed: FailureCode | null): Observation {
    const laneAtFault = this.laneFailure !== null && failure(this.laneFailure).blame === 'lane';
    const { head, startedUs, bytesIn, bytesOut } = this.inbound;
    const { snapshot } = this.runtime;
    return {
      requestId: this.arrival.requestId,
      method: head.method,
      path: head.path,
      host: head.host,
      clientAddress: this.arrival.clientAddress,
      clientIdentity: this.inbound.client?.identity?.name,
      route: this.route,
      region: this.arrival.region,
      answeredBy: this.answeredBy,
      assigned: this.assignment.lane,
      asked: this.relay !== null,
      phase: snapshot.rollout.phase,
      epoch: snapshot.rollout.epoch,
      revision: snapshot.revision,
      status: this.status,
      failure: failed,
      bad:
        laneAtFault ||
        (this.relay !== null && !this.fellBack && this.status >= 500 && this.answeredBy !== 'edge'),
      durationUs: monotonicUs() - startedUs,
      serviceUs: this.assignedServiceUs,
      bytesIn,
      bytesOut,
      copy: this.copy?.decision ?? this.copyDecision,
    };
  }
}
