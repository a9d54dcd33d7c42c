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
