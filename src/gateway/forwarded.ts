// HOT: one copy of the field list per lane.
import type { HeaderFields } from '../core/headers.ts';
import type { ShadowConfig } from '../core/snapshot.ts';
import { siblingTraceparent } from '../core/ids.ts';
import { COPY_MARKER } from '../shadow/eligibility.ts';
import type { RequestHead } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';

/** Names that only the gateway may use: what clients or lanes send under them is dropped. */
const OWN_PREFIX = 'x-cutover-';

/**
 * The fields that go to the lane which answers the client. Both lanes see the same client address, host, protocol,
 * request id and trace.
 */
export function forwardedFields(head: RequestHead, arrival: Arrival): HeaderFields {
  const fields = head.fields.copy();
  fields.removeAll(OWN_PREFIX);
  const { peerAddress, peerTrusted } = arrival;
  const hops = peerTrusted ? fields.all('x-forwarded-for').join(', ') : '';
  fields.set('X-Forwarded-For', hops === '' ? peerAddress : `${hops}, ${peerAddress}`);
  setUnlessTrusted(fields, 'X-Forwarded-Proto', 'http', peerTrusted);
  if (head.host !== '') setUnlessTrusted(fields, 'X-Forwarded-Host', head.host, peerTrusted);
  fields.set('X-Real-IP', arrival.clientAddress);
  // RFC 7239: another proxy's word about the client that nobody here checked must not stand beside ours.
  if (!peerTrusted) fields.remove('forwarded');
  fields.set('X-Request-Id', arrival.requestId);
  fields.set('traceparent', arrival.traceparent);
  return fields;
}

function setUnlessTrusted(fields: HeaderFields, name: string, value: string, trusted: boolean): void {
  if (trusted && fields.has(name.toLowerCase())) return;
  fields.set(name, value);
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
