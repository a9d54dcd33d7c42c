// HOT: one object per call to a lane.
import type { ClientIdentity } from '../core/client-identity.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { Inbound, OutboundHead } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import type { FilterExchange } from './filters/types.ts';
import type { CompiledRoute } from './router.ts';
import { upstreamFor } from './routing/moves.ts';
import type { Upstream } from './upstream.ts';

/** A request on its way to one lane: the exchange its filters see, and how its body is framed. */
export class LaneRequest implements FilterExchange {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  target: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly certificate: ClientIdentity | null;
  readonly region: string;
  readonly route: string;
  /** Of the candidate lane: the same for a request and its copy. */
  readonly upstream: string;
  readonly isCopy: boolean;
  readonly fields: HeaderFields;
  readonly matched: CompiledRoute | null;
  readonly framing: OutboundHead['framing'];
  readonly contentLength: number;
  /** The protocol to switch to, or ''; a copy never asks. */
  readonly upgrade: string;
  claims: Readonly<Record<string, unknown>> | null;
  views: FilterExchange['views'] = null;
  bodyLimit = 0;
  isOver = false;

  constructor(of: Omit<LaneRequest, 'views' | 'bodyLimit' | 'isOver'>) {
    this.requestId = of.requestId;
    this.method = of.method;
    this.path = of.path;
    this.target = of.target;
    this.host = of.host;
    this.clientAddress = of.clientAddress;
    this.certificate = of.certificate;
    this.region = of.region;
    this.route = of.route;
    this.upstream = of.upstream;
    this.isCopy = of.isCopy;
    this.fields = of.fields;
    this.matched = of.matched;
    this.framing = of.framing;
    this.contentLength = of.contentLength;
    this.upgrade = of.upgrade;
    this.claims = of.claims;
  }
}

/** What a request to a lane is made of. */
export interface LaneRequestSource {
  readonly inbound: Pick<Inbound, 'head' | 'client'>;
  readonly arrival: Arrival;
  readonly route: string;
  readonly matched: CompiledRoute | null;
  /** What the edge filters were shown and made of it, when there were any. */
  readonly edgeRequest: LaneRequest | null;
}

/**
 * The request to one lane, as its filters see it.
 * @param copyBodyBytes body of a copy, which is sent as a whole; null: the client's own request, which streams
 */
export function laneRequestFor(
  { inbound, arrival, route, matched, edgeRequest }: LaneRequestSource,
  fields: HeaderFields,
  copyBodyBytes: number | null,
): LaneRequest {
  const { method, path, host, framing, contentLength, upgrade } = inbound.head;
  const isCopy = copyBodyBytes !== null;
  return new LaneRequest({
    requestId: arrival.requestId,
    method,
    path,
    target: edgeRequest?.target ?? inbound.head.target,
    host,
    clientAddress: arrival.clientAddress,
    certificate: inbound.client?.identity ?? null,
    region: arrival.region,
    route,
    upstream: upstreamFor(matched?.config, arrival.userKey ?? arrival.requestId),
    isCopy,
    fields,
    matched,
    framing: isCopy && framing !== 'none' ? 'length' : framing,
    contentLength: isCopy ? copyBodyBytes : contentLength,
    upgrade: isCopy ? '' : upgrade,
    claims: edgeRequest?.claims ?? null,
  });
}

/** The head of a request as an upstream gets it. */
export function outboundHead(request: LaneRequest, upstream: Upstream): OutboundHead {
  const { method, target, fields, framing, contentLength, upgrade } = request;
  const { hostHeader, authority } = upstream;
  // An HTTP/1.0 request may come without a host, and an HTTP/1.1 request must not go without one.
  const host = hostHeader ?? (request.host === '' ? authority : request.host);
  return { method, target, host, fields, framing, contentLength, upgrade };
}
