/**
 * Fields that are never compared. Connection-specific fields (RFC 9110, section 7.6.1) belong to one connection; Date, Age, Server
 * and Via say who answered and when, which is meant to differ; ours and the trace's say which leg it was.
 */
const IGNORED = new Set(
  (
    'connection keep-alive proxy-connection te trailer transfer-encoding upgrade ' +
    'date age server via traceparent tracestate'
  ).split(' '),
);

/** Whether differences of a field are never looked at. @param lowerName in lower case */
export function isNeverCompared(lowerName: string): boolean {
  return IGNORED.has(lowerName) || lowerName.startsWith('x-cutover-');
}

/**
 * Compared by whether they say anything. Validators and dates (ETag, Last-Modified, Expires) are made by each server
 * in its own way and only have to agree with themselves; losing one costs clients their caches, so that is a
 * difference. Ids and timings of one request differ between any two answers.
 */
const STATES = new Set(
  (
    'etag last-modified expires x-request-id x-correlation-id x-trace-id request-id ' +
    'x-amzn-requestid x-amzn-trace-id x-amz-request-id x-amz-id-2 x-amz-cf-id cf-ray ' +
    'x-b3-traceid x-b3-spanid b3 x-runtime x-response-time server-timing ' +
    'x-envoy-upstream-service-time x-ratelimit-remaining x-ratelimit-reset ratelimit ' +
    'ratelimit-remaining ratelimit-reset content-md5 digest repr-digest'
  ).split(' '),
);

/** Whether only a field's being there is compared, and not its value. @param lowerName in lower case */
export function isStateOnly(lowerName: string): boolean {
  return STATES.has(lowerName);
}
