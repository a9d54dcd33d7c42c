import { LIMITS } from '../core/limits.ts';
import { hidden, mask, maskTarget } from '../diff/mask.ts';
import type { DifferenceExample } from '../telemetry/types.ts';
import type { CopySubject } from './copy.ts';

/** Who the client is, and what belongs to one connection or one exchange: nothing that asking again needs. */
const LEFT_OUT = new Set(
  (
    'x-real-ip x-client-ip true-client-ip cf-connecting-ip x-forwarded-for forwarded via connection keep-alive te ' +
    'transfer-encoding content-length host x-request-id x-correlation-id request-id x-trace-id traceparent tracestate ' +
    'baggage b3 sentry-trace uber-trace-id x-amzn-trace-id x-cloud-trace-context'
  ).split(' '),
);
const LEFT_OUT_PREFIXES = ['x-b3-', 'x-datadog-', 'ot-'];

/** What an answer is chosen by, and says nothing of a person; anything else may, whatever it is called. */
const SHOWN = new Set(
  (
    'content-type user-agent range cache-control x-requested-with x-forwarded-proto x-forwarded-host accept ' +
    'accept-charset accept-datetime accept-encoding accept-language accept-version if-match if-none-match if-modified-since ' +
    'if-unmodified-since if-range'
  ).split(' '),
);

/**
 * The request of an example, safe to store: values of its query hidden, values of fields hidden but for the few that
 * are known to be harmless, and in those what looks like a token, an e-mail or a card number hidden wherever it stands.
 */
export function maskRequest({
  target,
  host,
  fields,
}: CopySubject): Pick<DifferenceExample, 'target' | 'request'> {
  const request: [name: string, value: string][] = [];
  if (host !== undefined && host !== '') request.push(['host', mask(host)]);
  const flat = fields?.flat() ?? [];
  for (let index = 0; index + 1 < flat.length && request.length < LIMITS.exampleFields; index += 2) {
    const name = (flat[index] as string).toLowerCase();
    if (LEFT_OUT.has(name) || LEFT_OUT_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    request.push([mask(name), SHOWN.has(name) ? mask(flat[index + 1] as string) : hidden('field')]);
  }
  return { target: maskTarget(target), request };
}
