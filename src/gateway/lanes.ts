// HOT: one head object per call.
import type { Outbound, OutboundHandler } from '../wire/types.ts';
import { CandidateCall } from './candidate-call.ts';
import { outboundHead } from './lane-request.ts';
import type { LaneRequest } from './lane-request.ts';
import type { Upstream } from './upstream.ts';

/** What answers requests. */
export interface LanePort {
  /** Starts a call; the handler hears of it after the current call stack. */
  call(request: LaneRequest, handler: OutboundHandler): Outbound;
}

/** The legacy lane: the NGINX that serves today. */
export class LegacyLane implements LanePort {
  private readonly upstream: Upstream;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  call(request: LaneRequest, handler: OutboundHandler): Outbound {
    return this.upstream.call(outboundHead(request, this.upstream), handler);
  }
}

/** The candidate lane: filters, router, services. */
export class CandidateLane implements LanePort {
  private readonly upstreams: ReadonlyMap<string, Upstream>;

  constructor(upstreams: ReadonlyMap<string, Upstream>) {
    this.upstreams = upstreams;
  }

  call(request: LaneRequest, handler: OutboundHandler): Outbound {
    const upstream = this.upstreams.get(request.upstream) ?? null;
    const call = new CandidateCall(request, upstream, handler);
    call.start();
    return call;
  }
}
