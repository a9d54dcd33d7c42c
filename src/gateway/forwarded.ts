// HOT: one copy of the field list per lane.
import type { HeaderFields } from '../core/headers.ts';
import type { ShadowConfig } from '../core/snapshot.ts';
import { siblingTraceparent } from '../core/ids.ts';
import { COPY_MARKER } from '../shadow/eligibility.ts';
import type { RequestHead } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';

/** Fields that only the gateway may set; what a client sends under these names is dropped. */
const OWN_FIELDS = [
  COPY_MARKER,
  'x-cutover-lane',
  'x-cutover-phase',
  'x-cutover-epoch',
  'x-cutover-error',
  'x-real-ip',
];

/**
 * The fields that go to the lane which answers the client. Both lanes see the same client address, host, protocol,
 * request id and trace.
 */
export function forwardedFields(head: RequestHead, arrival: Arrival): HeaderFields {
  const fields = head.fields.copy();
  for (const name of OWN_FIELDS) fields.remove(name);
  const { peerAddress, peerTrusted } = arrival;
  const hops = peerTrusted ? fields.all('x-forwarded-for').join(', ') : '';
  fields.set('X-Forwarded-For', hops === '' ? peerAddress : `${hops}, ${peerAddress}`);
  setUnlessTrusted(fields, 'X-Forwarded-Proto', 'http', peerTrusted);
  setUnlessTrusted(fields, 'X-Forwarded-Host', head.host, peerTrusted);
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
