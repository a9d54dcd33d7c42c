// HOT: one copy of the field list per lane.
import type { HeaderFields } from '../core/headers.ts';
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
  fields.setChecked('X-Real-IP', 'x-real-ip', arrival.clientAddress);
  fields.setChecked('X-Request-Id', 'x-request-id', arrival.requestId);
  fields.setChecked('traceparent', 'traceparent', arrival.traceparent);
  return fields;
}

/** What nobody here checked must not stand beside our own word: not as X-Forwarded-Anything, not by RFC 7239. */
function beginWay(fields: HeaderFields, host: string, { peerAddress, scheme }: Arrival): void {
  fields.removeAll('x-forwarded-');
  fields.remove('forwarded');
  fields.appendChecked('X-Forwarded-For', peerAddress);
  fields.appendChecked('X-Forwarded-Proto', scheme);
  if (host !== '') fields.appendChecked('X-Forwarded-Host', host);
}

function addToWay(fields: HeaderFields, host: string, { peerAddress, via, scheme }: Arrival): void {
  fields.setChecked('X-Forwarded-For', 'x-forwarded-for', hopsWith(via, peerAddress));
  if (!fields.has('x-forwarded-proto')) fields.appendChecked('X-Forwarded-Proto', via.proto || scheme);
  if (host !== '' && !fields.has('x-forwarded-host'))
    fields.appendChecked('X-Forwarded-Host', via.host || host);
  if (via.forwarded === '') fields.remove('forwarded');
  else fields.setChecked('Forwarded', 'forwarded', forwardedWith(via, peerAddress, scheme));
}

/** Takes what a lane says in the gateway's name out of its answer. */
export function cleanAnswer(fields: HeaderFields): void {
  fields.removeAll(OWN_PREFIX);
}

/** The fields of the copy: the same, marked as a copy, with a span and an idempotency key of its own. */
export function copiedFields(
  original: HeaderFields,
  arrival: Arrival,
  stripHeaders: readonly string[],
): HeaderFields {
  const fields = original.copy();
  for (const name of stripHeaders) fields.remove(name);
  fields.setChecked(COPY_MARKER, COPY_MARKER, '1');
  fields.setChecked('traceparent', 'traceparent', siblingTraceparent(arrival.traceparent));
  const key = fields.get('idempotency-key');
  if (key !== undefined) fields.setChecked('Idempotency-Key', 'idempotency-key', `${key}-cutover-copy`);
  return fields;
}
