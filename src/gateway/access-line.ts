// HOT: one line per exchange, written byte by byte into its buffer: no string is made and nothing outlives it.
import { wallMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { Observation } from '../core/observation.ts';

/** A piece of a line that is always the same, as bytes. */
function piece(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

const TIME = piece('{"time":"');
const METHOD = piece('","http.request.method":"');
const PATH = piece('","url.path":"');
const HOST = piece('","server.address":"');
const CLIENT = piece('","client.address":"');
const STATUS = piece('","http.response.status_code":');
const REQUEST_ID = piece(',"request_id":"');
const LANE = piece('","lane":"');
const ASSIGNED = piece('","assigned":"');
const PHASE = piece('","phase":"');
const EPOCH = piece('","epoch":');
const REVISION = piece(',"revision":');
const ROUTE = piece(',"route":"');
const REGION = piece('","region":"');
const FAILURE = piece('","failure":');
const COPY = piece(',"copy":');
const DURATION = piece(',"duration_us":');
const SERVICE = piece(',"service_us":');
const BYTES_IN = piece(',"bytes_in":');
const BYTES_OUT = piece(',"bytes_out":');
const IDENTITY = piece(',"tls.client.identity":"');
const IDENTITY_END = piece('"');
const END = piece('}\n');
const NULL = piece('null');

/** Bytes that stand for themselves in a JSON string. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 32 && code < 127 && code !== 34 && code !== 92 ? 1 : 0,
);
const QUOTE = 34;
const ZERO = 48;

let bytes = new Uint8Array(0);
let at = 0;

function put(constant: Uint8Array): void {
  const target = bytes;
  const start = at;
  const { length } = constant;
  for (let index = 0; index < length; index += 1) target[start + index] = constant[index] as number;
  at = start + length;
}

/** The inside of a JSON string, in ASCII. */
function putText(text: string): void {
  const target = bytes;
  const start = at;
  const { length } = text;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 127 || PLAIN[code] !== 1) return putEscaped(text);
    target[start + index] = code;
  }
  at = start + length;
}

const NOT_ASCII = /[\u007f-\uffff]/g;

/** The same JSON in ASCII. */
export function toAscii(json: string): string {
  return json.replace(NOT_ASCII, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function putEscaped(text: string): void {
  const escaped = toAscii(JSON.stringify(text));
  for (let index = 1; index < escaped.length - 1; index += 1) bytes[at++] = escaped.charCodeAt(index);
}

function putName(name: string | null): void {
  if (name === null) return put(NULL);
  bytes[at++] = QUOTE;
  putText(name);
  bytes[at++] = QUOTE;
}

/** A whole number; one that does not fit in 31 bits or is negative takes the slow way. */
function putNumber(value: number): void {
  if (value < 0 || value > 0x7fff_ffff) return putText(String(value));
  const target = bytes;
  const start = at;
  let left = value | 0;
  let digits = 1;
  for (let power = 10; power <= left && digits < 10; power *= 10) digits += 1;
  for (let place = start + digits - 1; place >= start; place -= 1) {
    const rest = (left / 10) | 0;
    target[place] = ZERO + left - rest * 10;
    left = rest;
  }
  at = start + digits;
}

let secondMs = Number.NaN;
let secondText = '';

/** ISO 8601 with milliseconds; the part up to the second is made once a second. */
function putTime(atMs: number): void {
  let ms = atMs - secondMs;
  if (!(ms >= 0 && ms < 1000)) {
    ms = ((atMs % 1000) + 1000) % 1000;
    secondMs = atMs - ms;
    secondText = new Date(secondMs).toISOString().slice(0, -'000Z'.length);
  }
  putText(secondText);
  bytes[at++] = ZERO + ((ms / 100) | 0);
  bytes[at++] = ZERO + (((ms / 10) | 0) % 10);
  bytes[at++] = ZERO + (ms % 10);
  bytes[at++] = 90;
}

/** Most bytes that the line of this exchange may take: what a client or a name brings in may have to be escaped. */
export function accessLineBytes({
  method,
  path,
  host,
  clientAddress,
  requestId,
  route,
  region,
  clientIdentity = '',
}: Observation): number {
  const texts =
    method.length +
    path.length +
    host.length +
    clientAddress.length +
    requestId.length +
    route.length +
    region.length +
    clientIdentity.length;
  return texts * 6 + LIMITS.accessLineBytes;
}

/**
 * Writes the line of one exchange, as of now, in ASCII. Names follow OpenTelemetry's HTTP conventions where it has
 * one; the query is left out.
 * @param target has room for {@link accessLineBytes}
 * @returns index after the line
 */
export function writeAccessLine(target: Uint8Array<ArrayBuffer>, offset: number, seen: Observation): number {
  bytes = target;
  at = offset;
  put(TIME);
  putTime(wallMs());
  put(METHOD);
  putText(seen.method);
  put(PATH);
  putText(seen.path);
  put(HOST);
  putText(seen.host);
  put(CLIENT);
  putText(seen.clientAddress);
  put(STATUS);
  putNumber(seen.status);
  put(REQUEST_ID);
  putText(seen.requestId);
  putRollout(seen);
  put(DURATION);
  putNumber(seen.durationUs);
  put(SERVICE);
  putNumber(seen.serviceUs);
  put(BYTES_IN);
  putNumber(seen.bytesIn);
  put(BYTES_OUT);
  putNumber(seen.bytesOut);
  if (seen.clientIdentity !== undefined) putIdentity(seen.clientIdentity);
  put(END);
  return at;
}

/** There on connections with a certificate alone: all other lines are as they were. */
function putIdentity(identity: string): void {
  put(IDENTITY);
  putText(identity);
  put(IDENTITY_END);
}

/** What says where an exchange went, of the line before: most lines say the same. */
let block = new Uint8Array(0);
let blockOf: Observation | null = null;

function putRollout(seen: Observation): void {
  if (blockOf !== null && wentTheSameWay(seen, blockOf)) {
    bytes.set(block, at);
    at += block.length;
    return;
  }
  const start = at;
  putWay(seen);
  block = Uint8Array.from(bytes.subarray(start, at));
  blockOf = seen;
}

function wentTheSameWay(one: Observation, other: Observation): boolean {
  return (
    one.answeredBy === other.answeredBy &&
    one.assigned === other.assigned &&
    one.phase === other.phase &&
    one.epoch === other.epoch &&
    one.revision === other.revision &&
    one.route === other.route &&
    one.region === other.region &&
    one.failure === other.failure &&
    one.copy === other.copy
  );
}

function putWay(seen: Observation): void {
  put(LANE);
  putText(seen.answeredBy);
  put(ASSIGNED);
  putText(seen.assigned);
  put(PHASE);
  putText(seen.phase);
  put(EPOCH);
  putNumber(seen.epoch);
  put(REVISION);
  putNumber(seen.revision);
  put(ROUTE);
  putText(seen.route);
  put(REGION);
  putText(seen.region);
  put(FAILURE);
  putName(seen.failure);
  put(COPY);
  putName(seen.copy);
}
