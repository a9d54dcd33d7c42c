// HOT: one counter and one string per request.
import { pooledHex, randomHex } from './random.ts';

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Names one start of one process, so that a restarted process is never taken for its predecessor. */
export const incarnation: string = randomHex(6);

let sequence = 0;

/** A request id, unique across processes and restarts: `<incarnation>-<counter in base 36>`. */
export function newRequestId(): string {
  sequence += 1;
  return `${incarnation}-${sequence.toString(36)}`;
}

/** True for a request id that may be taken over from a trusted proxy. */
export function isRequestId(value: string): boolean {
  return REQUEST_ID.test(value);
}

/** A 16-digit hex span id that is unique in this process: the counter under a random prefix. */
function newSpanId(): string {
  sequence += 1;
  return incarnation.slice(0, 6) + sequence.toString(16).padStart(10, '0');
}

/**
 * The `traceparent` to send on (W3C Trace Context, section 3.2).
 * @param received the client's value; one that is valid is passed on unchanged, else a new trace starts
 */
export function traceparentFor(received: string | undefined): string {
  if (received !== undefined && TRACEPARENT.test(received)) return received;
  return `00-${incarnation}${pooledHex(20)}-${newSpanId()}-01`;
}

/** The same trace with a new parent id: what a copy carries, so that spans of the two lanes stay apart. */
export function siblingTraceparent(traceparent: string): string {
  return `${traceparent.slice(0, 36)}${newSpanId()}${traceparent.slice(52)}`;
}
