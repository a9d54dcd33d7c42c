import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, sharedData } from './shared-data.ts';

/** One captured request. */
export interface CapturedRequest {
  readonly method: string;
  readonly target: string;
  /** name, value, name, value, …; without Host, framing and connection-specific fields. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Milliseconds after the first request of the capture; access logs have whole seconds. */
  readonly offsetMs: number;
  /** Status in the log, or null for captures without answers. */
  readonly loggedStatus: number | null;
  /** Body bytes in the log, or null. */
  readonly loggedBytes: number | null;
}

const GOR_SEPARATOR = '\n🐵🙈🙉\n';
const NOT_REPLAYED = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'expect',
  'upgrade',
]);

/**
 * Reads a GoReplay capture: payloads of `type id nanoseconds\n` and the raw message, each ended by a line of
 * three monkeys. Payloads that are no requests (type 1) are skipped.
 */
export function readGoReplay(capture: Buffer): CapturedRequest[] {
  const requests: CapturedRequest[] = [];
  let first: bigint | null = null;
  for (const payload of split(capture, Buffer.from(GOR_SEPARATOR))) {
    const end = payload.indexOf('\n');
    const match = /^1 \S+ (\d+)/.exec(payload.toString('latin1', 0, Math.max(end, 0)));
    if (match === null) continue;
    const nanoseconds = BigInt(match[1] ?? '0');
    first ??= nanoseconds;
    const request = readMessage(payload.subarray(end + 1), Number(nanoseconds - first) / 1e6);
    if (request !== null) requests.push(request);
  }
  return requests;
}

function split(bytes: Buffer, separator: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const at = bytes.indexOf(separator, from);
    const end = at < 0 ? bytes.length : at;
    parts.push(bytes.subarray(from, end));
    from = end + separator.length;
  }
  return parts;
}

function readMessage(message: Buffer, offsetMs: number): CapturedRequest | null {
  const headEnd = message.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [first = '', ...lines] = message.toString('latin1', 0, headEnd).split('\r\n');
  const match = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first);
  if (match === null) return null;
  const headers: string[] = [];
  let length = 0;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'content-length') length = Number(value);
    if (colon > 0 && !NOT_REPLAYED.has(name.toLowerCase())) headers.push(name, value);
  }
  const body = message.subarray(headEnd + 4, headEnd + 4 + length);
  return {
    method: match[1] ?? '',
    target: match[2] ?? '',
    headers,
    body: Buffer.from(body),
    offsetMs,
    loggedStatus: null,
    loggedBytes: null,
  };
}

const COMBINED =
  /^\S+ \S+ \S+ \[([^\]]+)\] "([A-Z]+) (\S+) HTTP\/1\.[01]" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** Reads Apache's combined log format; lines that are none (comments, broken requests) are skipped. */
export function readAccessLog(log: string): CapturedRequest[] {
  const requests: CapturedRequest[] = [];
  let firstMs: number | null = null;
  for (const line of log.split('\n')) {
    const match = COMBINED.exec(line);
    if (match === null) continue;
    const [, time = '', method = '', target = '', status = '', bytes = '', referer = '', agent = ''] = match;
    const atMs = parseTime(time);
    firstMs ??= atMs;
    const headers = [];
    if (referer !== '' && referer !== '-') headers.push('Referer', printable(referer));
    if (agent !== '' && agent !== '-') headers.push('User-Agent', printable(agent));
    requests.push({
      method,
      target,
      headers,
      body: Buffer.alloc(0),
      offsetMs: Math.max(0, atMs - firstMs),
      loggedStatus: Number(status),
      loggedBytes: bytes === '-' ? 0 : Number(bytes),
    });
  }
  return requests;
}

/** `17/May/2015:10:05:03 +0000` as milliseconds since the Unix epoch. */
function parseTime(text: string): number {
  const match = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text);
  if (match === null) return 0;
  const [day, month, year, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((at) => match[at] ?? '');
  const zoneMinutes = (match[7] === '-' ? -1 : 1) * (Number(match[8]) * 60 + Number(match[9]));
  const monthIndex = MONTHS.indexOf(month ?? '') / 3;
  const local = Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second));
  return local - zoneMinutes * 60_000;
}

function printable(value: string): string {
  return value.replaceAll(/[^\u0020-\u007e]/g, '?');
}

/** A file of captured requests and where it came from. */
export interface Capture {
  readonly name: string;
  readonly requests: readonly CapturedRequest[];
}

/**
 * The traffic the tests replay: the GoReplay capture and the access log of the shared data, or the excerpt that is
 * committed where these are absent. Never fewer than 1,000 requests.
 */
export function captures(): Capture[] {
  const gor = sharedData('traffic/isucon5.gor');
  const log =
    sharedData('traffic/apache_access.log') ?? join(REPOSITORY, 'test/fixtures/traffic/access-excerpt.log');
  const found: Capture[] = [{ name: 'access log', requests: readAccessLog(readFileSync(log, 'utf8')) }];
  if (gor !== null) found.unshift({ name: 'GoReplay capture', requests: readGoReplay(readFileSync(gor)) });
  return found;
}
