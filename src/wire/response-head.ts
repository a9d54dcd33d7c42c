// HOT: once per answer of a server; one object for the head.
import { parseLength, walkFields, type FieldWalk } from './fields.ts';
import type { HeadScanner } from './head-scanner.ts';
import type { Framing, ResponseHead } from './types.ts';
import { NEVER_UPGRADE } from './request-head.ts';

/** What reading an answer's head gave. Reused: read it before the next head. */
export interface ReadResponse {
  /** Null when it breaks the protocol. */
  head: ResponseHead | null;
  /** How the body that follows is delimited; differs from the head's framing for HEAD, 204, 304 and 1xx. */
  body: Framing;
  /** The connection cannot carry another call. */
  close: boolean;
  /** The protocol that a 101 switches to, or '' when it does not say so or announces a body. */
  upgrade: string;
}

const read: ReadResponse = { head: null, body: 'none', close: false, upgrade: '' };
let framing: Framing = 'none';
let contentLength = -1;

/**
 * Understands the head of a server's answer (RFC 9112, sections 4 and 6.3).
 * @param method of the request: an answer to HEAD has no body
 * @returns one object that is reused by the next call
 */
export function readResponse(scanner: HeadScanner, method: string): ReadResponse {
  read.head = null;
  const { text, lineStart, lineEnd } = scanner;
  const status = statusOf(text, lineStart, lineEnd);
  if (status === -1) return read;
  const isOld = text.charCodeAt(lineStart + 7) === 48;
  const walk = walkFields(scanner, false);
  if (walk.hasTooManyOptions) return read;
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200;
  if (!decideFraming(walk, isOld, hasBody)) return read;
  // An interim answer has no body, whoever says it has one (RFC 9112, section 6.1): what follows would be read as heads.
  if (status < 200 && (framing === 'chunked' || contentLength > 0)) return read;
  read.body = hasBody ? framing : 'none';
  read.close = walk.close || isOld || read.body === 'close';
  read.upgrade = status === 101 ? upgradeOf(walk, isOld) : '';
  read.head = {
    status,
    reason: text.slice(lineStart + 13, lineEnd),
    fields: walk.fields,
    framing,
    contentLength,
  };
  const required = status === 426 ? requiredOf(walk.upgrade) : '';
  if (required !== '') read.head = { ...read.head, upgrade: required };
  return read;
}

/** A list of protocols with optional versions (RFC 9110, section 7.8). */
const PROTOCOLS =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?)*$/;

/** What a 426 asks for, without what no client may switch to here. */
function requiredOf(protocols: string): string {
  if (!PROTOCOLS.test(protocols)) return '';
  const members = protocols.split(',').map((member) => member.trim());
  return members.filter((member) => !NEVER_UPGRADE.test(member.toLowerCase())).join(', ');
}

/** `HTTP/1.x SP 3DIGIT [SP reason]`, or -1. */
function statusOf(text: string, from: number, to: number): number {
  if (to - from < 12 || !text.startsWith('HTTP/1.', from)) return -1;
  const minor = text.charCodeAt(from + 7);
  if ((minor !== 48 && minor !== 49) || text.charCodeAt(from + 8) !== 32) return -1;
  if (to - from > 12 && text.charCodeAt(from + 12) !== 32) return -1;
  let status = 0;
  for (let index = from + 9; index < from + 12; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status >= 100 ? status : -1;
}

/** RFC 9110, section 7.8; a 101 has no body (section 15.2), and `Content-Length: 0`, which some send, says so. */
function upgradeOf(walk: FieldWalk, isOld: boolean): string {
  const isSwitch = !isOld && walk.wantsUpgrade && (framing === 'none' || contentLength === 0);
  return isSwitch ? walk.upgrade.toLowerCase() : '';
}

function decideFraming(walk: FieldWalk, isOld: boolean, hasBody: boolean): boolean {
  framing = hasBody ? 'close' : 'none';
  contentLength = -1;
  if (walk.codingCount > 0) {
    if (isOld || walk.lengthCount > 0 || walk.codingCount > 1 || walk.coding !== 'chunked') return false;
    framing = 'chunked';
  } else if (walk.lengthCount > 0) {
    contentLength = walk.lengthCount > 1 ? -1 : parseLength(walk.length);
    if (contentLength < 0) return false;
    framing = 'length';
  }
  return true;
}
