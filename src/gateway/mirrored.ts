// HOT: one object per mirrored request; its answer leaves before anything else is done.
import { monotonicUs } from '../core/clock.ts';
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import { HeaderFields } from '../core/headers.ts';
import { httpDate } from '../core/http-date.ts';
import { LIMITS } from '../core/limits.ts';
import type { CopyDecision, Observation } from '../core/observation.ts';
import { UNROUTED } from '../core/snapshot.ts';
import type { Copy } from '../shadow/copy.ts';
import type { Inbound, InboundHandler, Outbound, OutboundHandler, ResponseHead } from '../wire/types.ts';
import { identified } from './arrival.ts';
import type { Arrival } from './arrival.ts';
import type { Assignment } from './assignment.ts';
import { planCopy } from './copying.ts';
import type { CopySource } from './copying.ts';
import { copiedFields, forwardedFields } from './forwarded.ts';
import type { CopyPolicy } from './forwarded.ts';
import { runOnDone, runOnRequest } from './filters/run.ts';
import type { FilterAnswer } from './filters/types.ts';
import { laneRequestFor } from './lane-request.ts';
import type { LaneRequest } from './lane-request.ts';
import type { CompiledRoute } from './router.ts';
import type { Runtime } from './runtime.ts';

const AS_IT_CAME: CopyPolicy = { strip: [], set: [] };

/**
 * Takes a request that an NGINX mirrors here. NGINX waits for the answer before it takes the next request of its
 * client's connection, so that 204 goes out at once. Then both lanes are asked, because NGINX never shows its own
 * answer: as many at a time as copies may be, and what does not fit is dropped and counted.
 */
export function runMirrored(runtime: Runtime, inbound: Inbound): void {
  const mirrored = new Mirrored(runtime, inbound);
  inbound.handle(mirrored);
  mirrored.begin();
}

/** One mirrored request and the answer of legacy to it; the candidate's is the copy's. */
class Mirrored implements InboundHandler, OutboundHandler, CopySource {
  readonly runtime: Runtime;
  readonly inbound: Inbound;
  arrival: Arrival;
  readonly matched: CompiledRoute | null;
  readonly assignment: Assignment;
  readonly fields: HeaderFields;
  copy: Copy | null = null;
  /** What the edge filters were shown, when the route has any. */
  edgeRequest: LaneRequest | null = null;
  private decision: CopyDecision | null = null;
  private call: Outbound | null = null;
  private timer: NodeJS.Timeout | null = null;
  private status = 0;
  private sentUs = -1;
  private endUs = -1;
  private answered = false;
  private over = false;

  constructor(runtime: Runtime, inbound: Inbound) {
    this.runtime = runtime;
    this.inbound = inbound;
    const { method, host, path, fields, target } = inbound.head;
    const { phase, sample } = runtime.snapshot.rollout;
    this.arrival = runtime.desk.arrive(inbound);
    this.matched = runtime.router.match(method, host, path, fields, target);
    this.assignment = { lane: 'legacy', direction: 'shadow', copyShare: phase === 'retired' ? 0 : sample };
    this.fields = forwardedFields(inbound.head, this.arrival, runtime.plant.claimFields);
  }

  get route(): string {
    return this.matched?.config.name ?? UNROUTED;
  }

  /** Whoever an edge filter denies is answered like everybody else, and asked about nowhere. */
  begin(): void {
    const filters = this.matched?.edgeFilters ?? [];
    if (filters.length === 0) return this.agreed();
    this.inbound.pause();
    const request = laneRequestFor(this, this.fields, null);
    this.edgeRequest = request;
    try {
      const answer = runOnRequest(filters, request);
      if (answer instanceof Promise)
        answer.then(
          (settled) => this.filtered(settled),
          () => this.denied(),
        );
      else this.filtered(answer);
    } catch {
      this.denied();
    }
  }

  private filtered(answer: FilterAnswer | null): void {
    if (answer !== null) return this.denied();
    if (this.over) return;
    const claims = this.edgeRequest?.claims ?? null;
    if (this.runtime.usesClaims && claims !== null)
      this.arrival = identified(this.arrival, claims, this.runtime.snapshot.config.stickyKey);
    this.agreed();
    this.inbound.resume();
  }

  private denied(): void {
    if (this.over) return;
    this.decision = 'ineligible_edge_answer';
    this.answer();
    this.inbound.resume();
    this.finish(null);
  }

  private agreed(): void {
    const plan = planCopy(this);
    this.copy = plan.copy;
    this.decision = plan.decision;
    this.start();
  }

  /** A short body is read first: an answer before its end would cost NGINX the connection. */
  private start(): void {
    const { framing, contentLength, expectsContinue } = this.inbound.head;
    if (framing === 'length' && contentLength <= LIMITS.copyBodyBytes && !expectsContinue) return;
    this.answer();
    if (framing === 'none') this.work();
    else this.giveUp();
  }

  private answer(): void {
    if (this.answered) return;
    this.answered = true;
    const fields = new HeaderFields();
    fields.appendChecked('Date', httpDate());
    this.inbound.respond({ status: 204, reason: 'No Content', fields, framing: 'none', contentLength: -1 });
    this.inbound.end();
  }

  onBody(chunk: Buffer): void {
    this.copy?.request.add(chunk);
  }

  onBodyEnd(): void {
    if (this.answered) return;
    this.answer();
    this.work();
  }

  onFinished(): void {
    // The answer left; the work goes on without it.
  }

  onAbort(): void {
    if (this.answered) return;
    this.answered = true;
    this.giveUp();
  }

  /** The request was not complete. */
  private giveUp(): void {
    this.copy?.clientAborted(false);
    this.finish(null);
  }

  /** Asks both lanes, after the current turn of the loop: whoever is mirrored meanwhile is answered first. */
  private work(): void {
    const { copy, runtime } = this;
    if (copy === null) return this.finish(null);
    const { plant } = runtime;
    plant.retain();
    copy.onOver = () => plant.release();
    setImmediate(() => {
      copy.send((body, handler, leg) => runtime.askForCopy(this, body, handler, leg));
      if (copy.decision !== 'sent') return this.finish(null);
      this.timer = setTimeout(() => this.timeOut(), runtime.snapshot.config.shadow.timeoutMs);
      this.call = this.askLegacy(copy.request.body());
    });
  }

  /** Asked as a copy, with the client's own credentials: what an NGINX that is legacy itself mirrors once more is known by its mark. */
  private askLegacy(body: Buffer): Outbound {
    const fields = copiedFields(this.fields, this.arrival, AS_IT_CAME);
    // As a client would: neither copies nor noise legs take its connections.
    const port = this.runtime.plant.lanes.legacy;
    const call = port.call(laneRequestFor(this, fields, body.length), this);
    if (body.length > 0) call.write(body);
    call.end();
    return call;
  }

  private timeOut(): void {
    this.call?.abort();
    this.originalEnd('total_timeout');
  }

  onSent(): void {
    this.sentUs = monotonicUs();
    this.copy?.original.sent();
  }

  onInform(): void {
    // An interim answer says nothing that could be compared.
  }

  onHead(head: ResponseHead): void {
    this.status = head.status;
    this.copy?.original.head(head);
  }

  onData(chunk: Buffer): void {
    this.copy?.original.body.add(chunk);
  }

  onWritable(): void {
    // The whole body was handed over at once.
  }

  onEnd(): void {
    this.originalEnd(null);
  }

  onFailure(code: FailureCode): void {
    this.originalEnd(code);
  }

  private originalEnd(failed: FailureCode | null): void {
    if (this.over) return;
    this.endUs = monotonicUs();
    if (failed !== null) this.status = failure(failed).status;
    this.copy?.originalEnd(failed);
    this.finish(failed);
  }

  private finish(failed: FailureCode | null): void {
    if (this.over) return;
    this.over = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.edgeRequest !== null) {
      this.edgeRequest.isOver = true;
      runOnDone(this.matched?.edgeFilters ?? [], this.edgeRequest, failed);
    }
    this.runtime.mirroredDone(this.observation(failed));
  }

  private observation(failed: FailureCode | null): Observation {
    const { arrival, inbound, runtime, copy, status } = this;
    const { snapshot } = runtime;
    const asked = copy?.decision === 'sent';
    return {
      requestId: arrival.requestId,
      method: inbound.head.method,
      path: inbound.head.path,
      host: inbound.head.host,
      clientAddress: arrival.clientAddress,
      clientIdentity: inbound.client?.identity?.name,
      route: this.route,
      region: arrival.region,
      answeredBy: asked ? 'legacy' : 'edge',
      assigned: 'legacy',
      asked,
      phase: snapshot.rollout.phase,
      epoch: snapshot.rollout.epoch,
      revision: snapshot.revision,
      status: asked ? status : 204,
      failure: failed,
      bad: failed === null ? status >= 500 : failure(failed).blame === 'lane',
      durationUs: monotonicUs() - inbound.startedUs,
      serviceUs: this.sentUs < 0 || this.endUs < 0 ? -1 : this.endUs - this.sentUs,
      bytesIn: inbound.bytesIn,
      bytesOut: inbound.bytesOut,
      copy: copy?.decision ?? this.decision,
    };
  }
}
