// HOT: one copy of the field list per lane.
import type { HeaderFields } from '../core/headers.ts';
import type { ShadowConfig } from '../core/snapshot.ts';
import { siblingTraceparent } from '../core/ids.ts';
import { COPY_MARKER } from '../shadow/eligibility.ts';
import type { RequestHead } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import { forwardedWith, hopsWith } from './via.ts';

/** Names that only the gateway may use: what clients or lanes send under them is dropped. */
const OWN_PREFIX = 'x-cutover-';

/**
 * The fields that go to the lane which answers the client. Both lanes see the same client address, host, protocol,
 * request id and trace.
 */
export function forwardedFields(head: RequestHead, arrival: Arrival): HeaderFields {
  const fields = head.fields.copy();
  fields.removeAll(OWN_PREFIX);
  if (arrival.peerTrusted) addToWay(fields, head.host, arrival);
  else beginWay(fields, head.host, arrival);
  fields.set('X-Real-IP', arrival.clientAddress);
  fields.set('X-Request-Id', arrival.requestId);
  fields.set('traceparent', arrival.traceparent);
  return fields;
}

/** What nobody here checked must not stand beside our own word: not as X-Forwarded-Anything, not by RFC 7239. */
function beginWay(fields: HeaderFields, host: string, { peerAddress, scheme }: Arrival): void {
  fields.removeAll('x-forwarded-');
  fields.remove('forwarded');
  fields.append('X-Forwarded-For', peerAddress);
  fields.append('X-Forwarded-Proto', scheme);
  if (host !== '') fields.append('X-Forwarded-Host', host);
}

function addToWay(fields: HeaderFields, host: string, { peerAddress, via, scheme }: Arrival): void {
  fields.set('X-Forwarded-For', hopsWith(via, peerAddress));
  setUnlessSaid(fields, 'X-Forwarded-Proto', via.proto || scheme);
  if (host !== '') setUnlessSaid(fields, 'X-Forwarded-Host', via.host || host);
  if (via.forwarded === '') fields.remove('forwarded');
  else fields.set('Forwarded', forwardedWith(via, peerAddress, scheme));
}

/** What a trusted peer said stays. */
function setUnlessSaid(fields: HeaderFields, name: string, value: string): void {
  if (!fields.has(name.toLowerCase())) fields.append(name, value);
}

/** Takes what a lane says in the gateway's name out of its answer. */
export function cleanAnswer(fields: HeaderFields): void {
  fields.removeAll(OWN_PREFIX);
}

/** The fields of the copy: the same, marked as a copy, with a span and an idempotency key of its own. */
export function copiedFields(original: HeaderFields, arrival: Arrival, shadow: ShadowConfig): HeaderFields {
  const fields = original.copy();
  for (const name of shadow.stripHeaders) fields.remove(name);
  fields.set(COPY_MARKER, '1');
  fields.set('traceparent', siblingTraceparent(arrival.traceparent));
  const key = fields.get('idempotency-key');
  if (key !== undefined) fields.set('Idempotency-Key', `${key}-cutover-copy`);
  return fields;
}
