// HOT: one copy of the field list per lane.
import { Prefixes } from '../core/headers.ts';
import type { HeaderFields } from '../core/headers.ts';
import type { ShadowConfig } from '../core/snapshot.ts';
import { siblingTraceparent } from '../core/ids.ts';
import { COPY_GUARD, COPY_MARKER, isMarked } from '../shadow/eligibility.ts';
import type { RequestHead } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import { forwardedWith, hopsWith } from './via.ts';
import { XFCC, XFCC_LOWER } from './xfcc.ts';

/** Names that only the gateway may use: what clients or lanes send under them is dropped. */
const OWN_PREFIX = 'x-cutover-';

/**
 * Under these names proxies tell servers whose certificate they have verified: NGINX by habit, HAProxy, RFC 9440. Nobody
 * else may; Envoy's `x-forwarded-client-cert` goes with `x-forwarded-`.
 */
const CERTIFICATE_PREFIXES = new Prefixes('ssl-client-', 'x-ssl-client-', 'client-cert', 'x-client-cert');

/**
 * The fields that go to the lane which answers the client. Both lanes see the same client address, host, protocol,
 * request id and trace.
 * @param reserved names (lower case) that filters write claims into: no client and no proxy speaks under them
 */
export function forwardedFields(
  head: RequestHead,
  arrival: Arrival,
  reserved: readonly string[],
): HeaderFields {
  const fields = head.fields.copy();
  for (const name of reserved) fields.remove(name);
  if (fields.removeAll(OWN_PREFIX) && isMarked(head.fields)) fields.setChecked(COPY_GUARD, COPY_GUARD, '1');
  if (arrival.peerTrusted) addToWay(fields, head.host, arrival);
  else beginWay(fields, head.host, arrival);
  if (arrival.clientCertificate !== null) fields.setChecked(XFCC, XFCC_LOWER, arrival.clientCertificate);
  fields.setChecked('X-Real-IP', 'x-real-ip', arrival.clientAddress);
  fields.setChecked('X-Request-Id', 'x-request-id', arrival.requestId);
  fields.setChecked('traceparent', 'traceparent', arrival.traceparent);
  return fields;
}

/** What nobody here checked must not stand beside our own word: not as X-Forwarded-Anything, not by RFC 7239. */
function beginWay(fields: HeaderFields, host: string, { peerAddress, scheme }: Arrival): void {
  fields.removeAll('x-forwarded-');
  fields.remove('forwarded');
  fields.removeAllOf(CERTIFICATE_PREFIXES);
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

/** What the policy changes of a copy's fields. */
export interface CopyPolicy {
  /** Lower-case names that are left out. */
  readonly strip: readonly string[];
  /** Fields that are there instead. */
  readonly set: ShadowConfig['setHeaders'];
}

/** The fields of the copy: the same as far as the policy says so, marked, with a span and an idempotency key of its own. */
export function copiedFields(original: HeaderFields, arrival: Arrival, policy: CopyPolicy): HeaderFields {
  const fields = original.copy();
  for (const name of policy.strip) fields.remove(name);
  for (const { name, value } of policy.set) fields.set(name, value);
  fields.setChecked(COPY_MARKER, COPY_MARKER, '1');
  fields.setChecked('traceparent', 'traceparent', siblingTraceparent(arrival.traceparent));
  const key = fields.get('idempotency-key');
  if (key !== undefined) fields.setChecked('Idempotency-Key', 'idempotency-key', `${key}-cutover-copy`);
  return fields;
}
