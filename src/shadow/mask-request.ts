import { LIMITS } from '../core/limits.ts';
import { hidden, mask, maskTarget } from '../diff/mask.ts';
import { isSensitiveName } from '../diff/secrets.ts';
import type { DifferenceExample } from '../telemetry/types.ts';
import type { CopySubject } from './copy.ts';

/** Who the client is, and what belongs to one connection or one exchange: nothing that asking again needs. */
const LEFT_OUT = new Set([
  'x-real-ip',
  'x-request-id',
  'traceparent',
  'tracestate',
  'forwarded',
  'via',
  'connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'content-length',
  'host',
]);

/**
 * The request of an example, safe to store: values of its query hidden, fields that name a secret hidden, what looks
 * like a token, an e-mail or a card number hidden wherever it stands.
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
    if (LEFT_OUT.has(name) || name.startsWith('x-forwarded-')) continue;
    const value = flat[index + 1] as string;
    request.push([mask(name), maskedField(name, value)]);
  }
  return { target: maskTarget(target), request };
}

/** A referring page is a URL: its path may be kept, the values of its query are somebody's. */
function maskedField(name: string, value: string): string {
  if (isSensitiveName(name)) return hidden('field');
  return name === 'referer' ? maskTarget(value) : mask(value);
}
