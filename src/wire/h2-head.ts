import { LIMITS } from '../core/limits.ts';
import { HeadScanner } from './head-scanner.ts';
import { readRequest, type ReadRequest } from './request-head.ts';

/** Bytes that would make two lines of one, or a field of a value. */
const BREAKING = /[\0\r\n]/;
/** What a method, a target and a host may not hold either: they stand in one line, with spaces between them. */
const BREAKING_LINE = /[^\x21-\x7e\x80-\xff]/;
/** Fields that mean something to one connection: a message that has one is malformed (RFC 9113, section 8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const PSEUDO: ReadonlySet<string> = new Set([':method', ':path', ':scheme', ':authority']);

const scanner = new HeadScanner(true);

/**
 * Understands a field section of HTTP/2 (RFC 9113, section 8.3) or refuses it. It is written as the head that HTTP/1.1
 * has for it and read by the one reader of heads: what it lets through is what goes to servers, whatever the client spoke.
 * @param raw name, value, name, value, … as they were received
 * @param endsStream no body follows
 * @returns like {@link readRequest}
 */
export function readH2Request(raw: readonly string[], endsStream: boolean): ReadRequest {
  const text = asText(raw, endsStream);
  if (typeof text !== 'string') return refused('bad_request', text.why);
  if (text.length > LIMITS.headBytes) return refused('headers_too_large', 'field section over the limit');
  const bytes = Buffer.from(text, 'latin1');
  scanner.reset();
  const next = scanner.feed(bytes, 0, bytes.length);
  if (next !== bytes.length) {
    const { failure, detail } = scanner;
    return next >= 0 ? refused('bad_request', 'a head in a head') : refused(failure, detail);
  }
  const read = readRequest(scanner);
  scanner.reset();
  const body = read.head?.contentLength ?? -1;
  return endsStream && body > 0 ? refused('bad_request', 'a length without a body') : read;
}

function refused(failure: ReadRequest['failure'], detail: string): ReadRequest {
  return { head: null, close: false, failure, detail };
}

interface Malformed {
  readonly why: string;
}

function asText(raw: readonly string[], endsStream: boolean): string | Malformed {
  const pseudo = new Map<string, string>();
  const cookies: string[] = [];
  let lines = '';
  let hasLength = false;
  let host: string | null = null;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    const value = raw[index + 1] as string;
    if (BREAKING.test(name) || BREAKING.test(value)) return { why: 'CR, LF or NUL in a field' };
    if (name.startsWith(':')) {
      if (!PSEUDO.has(name) || pseudo.has(name) || lines !== '') return { why: 'an odd pseudo-header field' };
      pseudo.set(name, value);
      continue;
    }
    if (OF_CONNECTION.has(name)) return { why: 'a field of the connection' };
    if (name === 'host' && host !== null) return { why: '2 Host fields' };
    if (name === 'host') host = value;
    else if (name === 'cookie') cookies.push(value);
    else lines += `${name}: ${value}\r\n`;
    hasLength ||= name === 'content-length';
  }
  const line = startLine(pseudo, host);
  if (typeof line !== 'string') return line;
  // Crumbs of one field, which servers of HTTP/1.1 expect in one piece (RFC 9113, section 8.2.3).
  const cookie = cookies.length === 0 ? '' : `cookie: ${cookies.join('; ')}\r\n`;
  const framing = endsStream || hasLength ? '' : 'transfer-encoding: chunked\r\n';
  return `${line}${lines}${cookie}${framing}\r\n`;
}

function startLine(pseudo: ReadonlyMap<string, string>, host: string | null): string | Malformed {
  const [method, path, scheme] = [':method', ':path', ':scheme'].map((name) => pseudo.get(name) ?? '');
  const authority = pseudo.get(':authority') ?? host ?? '';
  if (scheme !== 'https') return { why: 'a scheme that is not https' };
  if (host !== null && host.toLowerCase() !== authority.toLowerCase())
    return { why: 'Host and :authority disagree' };
  if (method === '' || path === '' || authority === '') return { why: 'a pseudo-header field is missing' };
  if ([method, path, authority].some((part) => part !== undefined && BREAKING_LINE.test(part)))
    return { why: 'a space or control byte in a pseudo-header field' };
  // The other forms of a target are those of CONNECT and of proxies (RFC 9113, section 8.3.1).
  if (path !== '*' && path?.startsWith('/') !== true) return { why: 'a path that does not start with /' };
  return `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n`;
}
