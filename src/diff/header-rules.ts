/** What is said about a field before its values are looked at. */
export type HeaderRule = 'ignored' | 'presence' | 'set' | 'value';

/**
 * Never compared. Connection-specific fields (RFC 9110, section 7.6.1) belong to one connection; Date, Age, Server
 * and Via say who answered and when, which is meant to differ; ours and the trace's say which leg it was.
 */
const IGNORED = new Set(
  (
    'connection keep-alive proxy-connection te trailer transfer-encoding upgrade ' +
    'date age server via traceparent tracestate'
  ).split(' '),
);

/**
 * Compared by presence only. Validators and dates (ETag, Last-Modified, Expires) are made by each server in its
 * own way and only have to agree with themselves; losing one costs clients their caches, so that is a difference.
 * Ids and timings of one request differ between any two answers.
 */
const PRESENCE = new Set(
  (
    'etag last-modified expires x-request-id x-correlation-id x-trace-id request-id ' +
    'x-amzn-requestid x-amzn-trace-id x-amz-request-id x-amz-id-2 x-amz-cf-id cf-ray ' +
    'x-b3-traceid x-b3-spanid b3 x-runtime x-response-time server-timing ' +
    'x-envoy-upstream-service-time x-ratelimit-remaining x-ratelimit-reset ratelimit ' +
    'ratelimit-remaining ratelimit-reset content-md5 digest repr-digest'
  ).split(' '),
);

/** Lists whose order and case mean nothing. */
const SETS = new Set(
  (
    'vary allow cache-control pragma access-control-allow-methods ' +
    'access-control-allow-headers access-control-expose-headers accept-ranges'
  ).split(' '),
);

/** The rule for a field that has no comparison of its own. */
export function headerRule(lowerName: string): HeaderRule {
  if (IGNORED.has(lowerName) || lowerName.startsWith('x-cutover-')) return 'ignored';
  if (PRESENCE.has(lowerName)) return 'presence';
  return SETS.has(lowerName) ? 'set' : 'value';
}

/** Content-Security-Policy draws it anew for each answer. */
const NONCE = /'nonce-[^']{1,256}'/g;

/**
 * All values of one field in one writing: repeated fields and one joined by commas say the same
 * (RFC 9110, section 5.3), and so do the spaces around commas.
 */
export function joined(values: readonly string[], rule: HeaderRule): string {
  const list = values
    .flatMap((value) => value.split(','))
    .map((each) => each.trim().replaceAll(NONCE, "'nonce-*'"));
  if (rule !== 'set') return list.join(', ');
  const members = new Set(list.map((each) => each.toLowerCase()).filter((each) => each !== ''));
  return [...members].toSorted().join(', ');
}
