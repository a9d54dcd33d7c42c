// HOT: once per request; one object for the head, nothing parsed twice.
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { parseLength, walkFields, type FieldWalk } from './fields.ts';
import type { HeadScanner } from './head-scanner.ts';
import { allIn, METHOD_BYTE } from './tables.ts';
import { agrees, normalizeHost, parseTarget } from './target.ts';
import type { RequestHead } from './types.ts';

/** What reading a request head gave. Reused: read it before the next head. */
export interface ReadRequest {
  /** Null when it is refused. */
  head: RequestHead | null;
  /** The client asked for the connection to end, or its version has no other way. */
  close: boolean;
  failure: FailureCode;
  detail: string;
}

const read: ReadRequest = { head: null, close: false, failure: 'bad_request', detail: '' };

/** Parts of the start line. */
let method = '';
let rawTarget = '';
let minorVersion: 0 | 1 = 1;
/** Parts of the framing decision. */
let framing: RequestHead['framing'] = 'none';
let contentLength = -1;

/**
 * Understands a complete head (RFC 9112, sections 3, 6 and 7; RFC 9110, sections 7 and 10.1.1) or refuses it.
 * @returns one object that is reused by the next call
 */
export function readRequest(scanner: HeadScanner): ReadRequest {
  read.head = null;
  if (!readLine(scanner.text.slice(scanner.lineStart, scanner.lineEnd))) return read;
  const target = parseTarget(method, rawTarget);
  if (target.refusal !== '') return refuse('bad_request', target.refusal);
  if (target.target.length > LIMITS.targetBytes)
    return refuse('uri_too_long', 'escaped target over the limit');
  const walk = walkFields(scanner, true);
  if (walk.hasTooManyOptions) return refuse('bad_request', 'too many options in Connection');
  const problem = decideFraming(walk);
  if (problem !== '') return refuse('bad_request', problem);
  if (minorVersion === 0 ? walk.hostCount > 1 : walk.hostCount !== 1) {
    return refuse('bad_request', `${walk.hostCount} Host fields`);
  }
  const host = walk.hostCount === 0 ? target.authority : normalizeHost(walk.host);
  if (walk.hostCount === 1 && host === '') return refuse('bad_request', 'invalid Host');
  if (!agrees(target, host, rawTarget)) return refuse('bad_request', 'Host and target disagree');
  const expects = minorVersion === 1 && walk.expect !== '';
  if (expects && walk.expect !== '100-continue') return refuse('expectation_failed', 'unknown expectation');
  read.close = walk.close || minorVersion === 0;
  read.head = {
    method,
    target: target.target,
    path: target.path,
    host,
    minorVersion,
    fields: walk.fields,
    framing,
    contentLength,
    expectsContinue: expects && framing !== 'none' && contentLength !== 0,
    upgrade: upgradeOf(walk),
  };
  return read;
}

function refuse(failure: FailureCode, detail: string): ReadRequest {
  read.failure = failure;
  read.detail = detail;
  return read;
}

function fail(failure: FailureCode, detail: string): false {
  refuse(failure, detail);
  return false;
}

function readLine(line: string): boolean {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  method = first === -1 ? line : line.slice(0, first);
  if (!allIn(METHOD_BYTE, method) || method === '') return fail('bad_request', 'invalid method');
  if (method.length > LIMITS.methodBytes) return fail('not_implemented', 'method too long');
  if (first === -1) return fail('bad_request', 'request line without a target');
  if (second === -1) return fail('version_not_supported', 'request line without a version');
  rawTarget = line.slice(first + 1, second);
  if (!readVersion(line, second + 1)) return false;
  if (method === 'CONNECT') return fail('not_implemented', 'CONNECT');
  if (rawTarget.length > LIMITS.targetBytes) return fail('uri_too_long', 'target over the limit');
  return true;
}

function readVersion(line: string, at: number): boolean {
  const isOne = line.length === at + 8 && line.startsWith('HTTP/1.', at);
  const minor = isOne ? line.charCodeAt(at + 7) - 48 : -1;
  if (minor === 1 || minor === 0) {
    minorVersion = minor;
    return true;
  }
  const isVersion = /^HTTP\/\d+(?:\.\d+)?$/.test(line.slice(at));
  return fail(isVersion ? 'version_not_supported' : 'bad_request', 'unknown version');
}

/** Sets the framing. @returns why the head is refused, or '' */
function decideFraming(walk: FieldWalk): string {
  framing = 'none';
  contentLength = -1;
  if (walk.codingCount > 0) {
    if (minorVersion === 0) return 'Transfer-Encoding in HTTP/1.0';
    if (walk.lengthCount > 0) return 'Content-Length and Transfer-Encoding';
    if (walk.codingCount > 1 || walk.coding !== 'chunked') return 'Transfer-Encoding is not chunked';
    framing = 'chunked';
  } else if (walk.lengthCount > 0) {
    if (walk.lengthCount > 1) return 'more than one Content-Length';
    contentLength = parseLength(walk.length);
    if (contentLength < 0) return 'invalid Content-Length';
    framing = 'length';
  }
  return '';
}

/** One protocol with an optional version (RFC 9110, section 7.8). */
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/;
/** HTTP and TLS are never upgrades here: they would be a way around everything that reads HTTP/1.1. */
export const NEVER_UPGRADE = /^(?:h2|h3|http|tls)/;

/**
 * The protocol a request may switch to: asked for by HTTP/1.1, in a GET, without a body. Everything else goes on as a
 * plain request, so that no byte of a body is ever taken for a byte of the other protocol, or the other way round.
 */
function upgradeOf(walk: FieldWalk): string {
  if (!walk.wantsUpgrade || minorVersion === 0 || method !== 'GET' || framing !== 'none') return '';
  const protocol = walk.upgrade.toLowerCase();
  return PROTOCOL.test(protocol) && !NEVER_UPGRADE.test(protocol) ? protocol : '';
}
