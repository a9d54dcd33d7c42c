// HOT: what an exchange asks of its snapshot; nothing here is built per request.
import type { HeaderFields } from '../core/headers.ts';
import { httpDate } from '../core/http-date.ts';
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';
import type { Lane, Snapshot } from '../core/snapshot.ts';
import type { Copy } from '../shadow/copy.ts';
import type { EndpointTable } from '../shadow/endpoint.ts';
import type { Mirror } from '../shadow/mirror.ts';
import type { NoiseLeg } from '../shadow/noise-leg.ts';
import type { RateCap } from '../shadow/rate-cap.ts';
import type { Book } from '../telemetry/book.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { Tallies, TunnelEnd } from '../telemetry/tallies.ts';
import type { Outbound, OutboundHandler } from '../wire/types.ts';
import type { AccessLog } from './access-log.ts';
import type { ArrivalDesk } from './arrival.ts';
import { Assigner } from './assignment.ts';
import { Cohorts } from './cohorts.ts';
import type { CohortSource } from './cohorts.ts';
import type { CopySource } from './copying.ts';
import type { Exchange } from './exchange.ts';
import { runOnCopy } from './filters/run.ts';
import { cleanAnswer, copiedFields } from './forwarded.ts';
import type { CopyPolicy } from './forwarded.ts';
import { laneRequestFor } from './lane-request.ts';
import type { LanePort } from './lanes.ts';
import type { Plant } from './plant.ts';
import type { Router } from './router.ts';

/** What lives as long as the worker, whatever the snapshot. */
export interface Station {
  readonly recorder: Recorder;
  readonly mirror: Mirror;
  readonly endpoints: EndpointTable;
  readonly accessLog: AccessLog;
  readonly tallies: Tallies;
  /** Exchanges that run; and those of them that asked for a tunnel or are one. */
  exchanges: number;
  tunnels: number;
  /** Tunnels that the candidate opened: a way back closes those that would be legacy's. */
  readonly candidateTunnels: Set<Exchange>;
}

const NONE: readonly never[] = [];

/** One snapshot, ready to run exchanges. */
export class Runtime {
  readonly snapshot: Snapshot;
  readonly assigner: Assigner;
  private readonly cohorts: Cohorts;
  readonly plant: Plant;
  /** Where everything that runs on this snapshot is counted. */
  readonly book: Book;
  private readonly station: Station;
  /** Who a token speaks for decides about its lane: it is chosen again once that is known. */
  readonly usesClaims: boolean;
  private readonly explainText: readonly [phase: string, epoch: string];

  constructor(snapshot: Snapshot, plant: Plant, station: Station) {
    this.snapshot = snapshot;
    this.assigner = new Assigner(snapshot.rollout);
    this.cohorts = new Cohorts(snapshot.rollout);
    this.plant = plant;
    this.usesClaims =
      'claim' in snapshot.config.stickyKey ||
      snapshot.rollout.canary.some(({ claim }) => claim !== undefined);
    this.station = station;
    this.book = station.recorder.book(snapshot.rollout.epoch);
    const { phase, bypass, epoch } = snapshot.rollout;
    this.explainText = [bypass ? 'bypass' : phase, String(epoch)];
  }

  get desk(): ArrivalDesk {
    return this.plant.desk;
  }
  get router(): Router {
    return this.plant.router;
  }
  get rateCap(): RateCap {
    return this.plant.rateCap;
  }
  get legacy(): LanePort {
    return this.plant.lanes.legacy;
  }
  get candidate(): LanePort {
    return this.plant.lanes.candidate;
  }
  get mirror(): Mirror {
    return this.station.mirror;
  }
  get endpoints(): EndpointTable {
    return this.station.endpoints;
  }

  /** An exchange starts to run on this snapshot. */
  begin(): void {
    this.station.exchanges += 1;
    this.book.users += 1;
    this.plant.retain();
  }

  /** One more tunnel may be asked for. @returns false when there are too many */
  takeTunnel(): boolean {
    if (this.station.tunnels >= LIMITS.tunnels) return false;
    this.station.tunnels += 1;
    return true;
  }

  giveTunnelBack(exchange: Exchange): void {
    this.station.tunnels -= 1;
    this.station.candidateTunnels.delete(exchange);
  }

  /**
   * A lane answered 101. That answer is counted now, as one that is in time: a tunnel lasts for hours, and until it
   * ended only refusals would be evidence. How long it lasts, and how it ends, is nothing that a lane is measured by.
   */
  tunnelOpened(exchange: Exchange, observation: Observation): void {
    if (observation.answeredBy === 'candidate') this.station.candidateTunnels.add(exchange);
    // It needs nothing of its configuration any more, and may outlive it by hours.
    this.plant.release();
    this.book.observe({ ...observation, serviceUs: -1, bytesIn: 0, bytesOut: 0 });
    this.cohorts.note(exchange, observation, this.assigner, this.book);
  }

  /**
   * Closes the tunnels of the candidate that this snapshot gives to legacy: their clients come back and get there. New
   * requests alone would leave them on a candidate that was just found to be bad for as long as they live.
   */
  recallTunnels(): void {
    for (const exchange of this.station.candidateTunnels) {
      const { arrival, inbound } = exchange;
      const { lane } = this.assigner.assign(arrival, inbound.head.host, inbound.head.fields);
      if (lane === 'legacy') inbound.destroy();
    }
  }

  /** It has ended. @param tunnelEnd how, if it was a tunnel */
  done(source: CohortSource, observation: Observation, tunnelEnd: TunnelEnd | null): void {
    this.station.exchanges -= 1;
    this.book.users -= 1;
    if (tunnelEnd === null) {
      this.book.observe(observation);
      this.cohorts.note(source, observation, this.assigner, this.book);
    } else this.tunnelEnded(observation, tunnelEnd);
    this.station.accessLog.write(observation);
    if (tunnelEnd === null) this.plant.release();
  }

  private tunnelEnded(observation: Observation, end: TunnelEnd): void {
    const { answeredBy, durationUs } = observation;
    this.book.tunnelBytes(observation);
    if (answeredBy !== 'edge') this.station.tallies.tunnel(answeredBy, end, durationUs, observation);
  }

  /** A request that NGINX mirrored is over; the answer it got says nothing and is not counted. */
  mirroredDone(observation: Observation): void {
    this.station.exchanges -= 1;
    this.book.users -= 1;
    if (observation.asked) this.book.observe(observation);
    else this.book.notCopied(observation.copy);
    this.station.accessLog.write(observation);
    this.plant.release();
  }

  /** Gives the answer a date, and says which lane gave it, if the configuration asks for that; a lane never speaks for the gateway. */
  explain(fields: HeaderFields, answeredBy: Lane | 'edge'): void {
    if (answeredBy !== 'edge') cleanAnswer(fields);
    // A recipient with a clock adds what a server left out (RFC 9110, section 6.6.1).
    if (!fields.has('date')) fields.appendChecked('Date', httpDate());
    if (!this.snapshot.config.explainHeaders) return;
    fields.setChecked('x-cutover-lane', 'x-cutover-lane', answeredBy);
    fields.setChecked('x-cutover-phase', 'x-cutover-phase', this.explainText[0]);
    fields.setChecked('x-cutover-epoch', 'x-cutover-epoch', this.explainText[1]);
  }

  /**
   * Sends the copy of an exchange whose request body is complete, after the current turn of the loop: the client's
   * request always leaves first.
   */
  sendCopy(exchange: Exchange): void {
    const { copy } = exchange;
    if (copy === null) return;
    this.plant.retain();
    copy.onOver = () => this.plant.release();
    setImmediate(() => copy.send((body, handler, leg) => this.askForCopy(exchange, body, handler, leg)));
  }

  /** The call of a copy, or (`leg`) that of its noise leg: legacy is asked what it was asked before. */
  askForCopy(
    source: CopySource & { readonly copy: Copy | null },
    body: Buffer,
    handler: OutboundHandler,
    leg: NoiseLeg | null,
  ): Outbound {
    const { copyLanes, secondLegacy } = this.plant;
    const forward = source.copy?.subject.direction === 'shadow';
    const port = leg !== null ? secondLegacy : forward ? copyLanes.candidate : copyLanes.legacy;
    const fields = copiedFields(source.fields, source.arrival, this.policyOf(forward, leg !== null));
    if (leg !== null) {
      this.plant.retain();
      leg.onOver = () => this.plant.release();
    }
    const request = laneRequestFor(source, fields, body.length);
    // A noise leg asks what legacy was asked before; the candidate's own filters run where its lane begins.
    if (leg === null) {
      runOnCopy(source.matched?.edgeFilters ?? NONE, request, forward);
      if (!forward) runOnCopy(source.matched?.filters ?? NONE, request, false);
    }
    const call = port.call(request, handler);
    if (body.length > 0) call.write(body);
    call.end();
    return call;
  }

  /**
   * What is set is meant for the candidate. In shadow legacy had the client's own fields: a second answer to others would
   * differ for no reason.
   */
  private policyOf(forward: boolean, isLeg: boolean): CopyPolicy {
    const { stripHeaders, setHeaders } = this.snapshot.config.shadow;
    return { strip: isLeg && forward ? NONE : stripHeaders, set: !isLeg && forward ? setHeaders : NONE };
  }
}
