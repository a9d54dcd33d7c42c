/**
 * Fields that filters may read and not change: framing and hop-by-hop fields (RFC 9110, section 7.6.1), which are the
 * connection's, and the host, which was routed by.
 */
const FRAMING = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** And what the gateway tells servers about the client and the request in its own name. */
const IDENTITY = new Set(['forwarded', 'traceparent', 'via', 'x-real-ip', 'x-request-id']);
const IDENTITY_PREFIXES = [
  'x-cutover-',
  'x-forwarded-',
  'ssl-client-',
  'x-ssl-client-',
  'client-cert',
  'x-client-cert',
];

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
// oxlint-disable-next-line no-control-regex -- a field value has none of them but the tab (RFC 9110, section 5.5)
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What a filter may not do to a field, or null. @param lower its name in lower case */
export function fieldRefusal(lower: string, value: string): string | null {
  if (!NAME.test(lower)) return `"${lower.slice(0, 40)}" is no name of a field`;
  if (FRAMING.has(lower)) return `${lower} belongs to the connection`;
  if (IDENTITY.has(lower) || IDENTITY_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return `${lower} is the gateway's own word`;
  if (typeof value !== 'string' || !VALUE.test(value))
    return `the value of ${lower} has characters no field can carry`;
  return null;
}
