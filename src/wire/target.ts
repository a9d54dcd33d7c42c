// HOT: one walk over a plain target, no allocation; only escapes, dots and double slashes take the slow way.
import { isIPv6 } from 'node:net';
import { allIn, HEX_VALUE, PATH_BYTE, QUERY_BYTE, UNRESERVED } from './tables.ts';

const SLASH = 47;
const DOT = 46;
const PERCENT = 37;
const HOST = /^(?:[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;
const ENCODED_SLASH = /%2F|%5C/;
const HAS_HIGH = /[\u0080-\u00ff]/;
const DOTS = /^\.{1,2}(?:;|%3B|$)/;

/**
 * The one form of a path (RFC 3986, section 6.2.2): escapes of unreserved characters decoded, other escapes in
 * upper case, dot segments resolved, slashes merged. `%2F` stays what it is.
 * @param raw a path that starts with `/`, without a query
 * @returns '' when it is refused: `%00`, a broken escape, a raw byte that needs one, a backslash, a way above the
 * root, or a segment that turns into a dot segment for a server that decodes `%2F`, `%5C` or `%3B`, or cuts at `;`
 */
export function normalizePath(raw: string): string {
  let plain = true;
  for (let index = 0; index < raw.length; index += 1) {
    const code = raw.charCodeAt(index);
    if (PATH_BYTE[code] !== 1) return '';
    if (code === PERCENT) plain = false;
    else if (code === SLASH) {
      const next = raw.charCodeAt(index + 1);
      if (next === SLASH || next === DOT) plain = false;
    }
  }
  return plain ? raw : resolveSegments(raw);
}

function resolveSegments(raw: string): string {
  const segments = raw.split('/');
  const kept: string[] = [];
  let isFolder = false;
  for (let index = 1; index < segments.length; index += 1) {
    const segment = canonicalEscapes(segments[index] as string);
    if (segment === null) return '';
    isFolder = segment === '' || segment === '.' || segment === '..';
    if (segment === '..' && kept.pop() === undefined) return '';
    if (isFolder) continue;
    if (hidesDots(segment)) return '';
    kept.push(segment);
  }
  return `/${kept.join('/')}${isFolder && kept.length > 0 ? '/' : ''}`;
}

function hidesDots(segment: string): boolean {
  if (DOTS.test(segment)) return true;
  return ENCODED_SLASH.test(segment) && segment.split(ENCODED_SLASH).some((part) => DOTS.test(part));
}

function canonicalEscapes(segment: string): string | null {
  let at = segment.indexOf('%');
  if (at === -1) return segment;
  let done = segment.slice(0, at);
  while (at < segment.length) {
    if (segment.charCodeAt(at) !== PERCENT) {
      done += segment[at] as string;
      at += 1;
      continue;
    }
    const high = HEX_VALUE[segment.charCodeAt(at + 1)] ?? -1;
    const low = HEX_VALUE[segment.charCodeAt(at + 2)] ?? -1;
    const code = high * 16 + low;
    if (high < 0 || low < 0 || code === 0) return null;
    done += UNRESERVED[code] === 1 ? String.fromCharCode(code) : segment.slice(at, at + 3).toUpperCase();
    at += 3;
  }
  return done;
}

let lastHost = '';
let lastHostNormal = '';

/** A Host value in lower case (RFC 9112, section 3.2), or '' when it is no host with an optional port. */
export function normalizeHost(value: string): string {
  if (value === lastHost) return lastHostNormal;
  const lower = value.toLowerCase();
  lastHost = value;
  lastHostNormal = isHost(lower) ? lower : '';
  return lastHostNormal;
}

function isHost(lower: string): boolean {
  if (!HOST.test(lower)) return false;
  const end = lower.lastIndexOf(']');
  const colon = lower.indexOf(':', Math.max(end, 0));
  if (colon !== -1 && Number(lower.slice(colon + 1)) > 65_535) return false;
  return end === -1 || isIPv6(lower.slice(1, end));
}

/** What a request target says. */
export interface Target {
  /** Normalised `path[?query]`, or `*`. */
  target: string;
  path: string;
  /** The authority of an absolute form, in lower case without its default port, or ''. */
  authority: string;
  /** Why it is refused, or ''. */
  refusal: string;
}

/** Reused: read it before the next call. */
const result: Target = { target: '', path: '', authority: '', refusal: '' };

/**
 * Reads a request target: origin-form, absolute-form, or asterisk-form for OPTIONS (RFC 9112, section 3.2). Raw
 * UTF-8 in path and query, which no URI may hold but clients send, is read as its escapes.
 * @returns one object that is reused by the next call
 */
export function parseTarget(method: string, raw: string): Target {
  result.authority = '';
  result.refusal = '';
  if (raw.charCodeAt(0) === SLASH) return parseOrigin(raw);
  if (raw === '*' && method === 'OPTIONS') return asterisk();
  const match = ABSOLUTE.exec(raw);
  if (match === null) return refused('target in no allowed form');
  const scheme = (match[1] as string).toLowerCase();
  const authority = normalizeHost(match[2] as string);
  if (authority === '') return refused('invalid authority in the target');
  result.authority = withoutDefaultPort(authority, scheme);
  const rest = match[3] as string;
  if (rest === '' && method === 'OPTIONS') return asterisk();
  return parseOrigin(rest.startsWith('/') ? rest : `/${rest}`);
}

/** A host without `:80` (or `:443` for https), for comparisons. */
function withoutDefaultPort(host: string, scheme: string): string {
  const port = scheme === 'https' ? ':443' : ':80';
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}

/** Whether the authority of an absolute form names the same host as the Host field. */
export function agrees(target: Target, host: string, raw: string): boolean {
  if (target.authority === '') return true;
  const scheme = raw.slice(0, raw.indexOf(':')).toLowerCase();
  return withoutDefaultPort(host, scheme) === target.authority;
}

const EACH_HIGH = /[\u0080-\u00ff]/g;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Raw UTF-8 as escapes, so that one form is matched and forwarded. @returns '' when the bytes are no UTF-8 */
function escapeHighBytes(raw: string): string {
  try {
    utf8.decode(Buffer.from(raw, 'latin1'));
  } catch {
    return '';
  }
  return raw.replaceAll(EACH_HIGH, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function parseOrigin(received: string): Target {
  const raw = HAS_HIGH.test(received) ? escapeHighBytes(received) : received;
  if (raw === '') return refused('target is not UTF-8');
  const mark = raw.indexOf('?');
  const path = normalizePath(mark === -1 ? raw : raw.slice(0, mark));
  if (path === '') return refused('invalid path');
  if (mark !== -1 && !allIn(QUERY_BYTE, raw, mark)) return refused('invalid query');
  result.path = path;
  result.target = mark === -1 ? path : path + raw.slice(mark);
  return result;
}

function asterisk(): Target {
  result.path = '*';
  result.target = '*';
  return result;
}

function refused(why: string): Target {
  result.refusal = why;
  return result;
}
