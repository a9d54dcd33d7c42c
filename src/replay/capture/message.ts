import { ChunkedDecoder } from '../../wire/chunked.ts';
import { RequestFields, isMethod, sendableTarget } from './request-parts.ts';
import type { CapturedRequest, Unreadable } from './types.ts';

/** A request, or why there is none. */
export type Understood =
  | { readonly request: CapturedRequest; readonly why: null }
  | { readonly request: null; readonly why: Unreadable };

const HEAD_END = Buffer.from('\r\n\r\n');
const REQUEST_LINE = /^(\S+) (\S+) HTTP\/1\.[01]$/;

/** Says why there is no request. */
export function unreadable(why: Unreadable): Understood {
  return { request: null, why };
}

/**
 * Understands one raw HTTP/1 request as it was seen on the network (RFC 9112): strictly, because what was understood
 * differently than by its server cannot be compared.
 * @param atMs when it was made
 */
export function parseMessage(message: Buffer, atMs: number): Understood {
  const headEnd = message.indexOf(HEAD_END);
  if (headEnd === -1) return unreadable('truncated');
  const [first = '', ...lines] = message.toString('latin1', 0, headEnd).split('\r\n');
  const [, method = '', raw = ''] = REQUEST_LINE.exec(first) ?? [];
  const target = method === 'CONNECT' ? '*' : sendableTarget(raw);
  if (!isMethod(method) || target === '') return unreadable('no_request');
  const fields = new RequestFields();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1 || !fields.add(line.slice(0, colon), line.slice(colon + 1).trim()))
      return unreadable('corrupt');
  }
  const rest = message.subarray(headEnd + HEAD_END.length);
  const body = bodyOf(fields, rest);
  return typeof body === 'string'
    ? unreadable(body)
    : { request: fields.request({ method, target, body, atMs }), why: null };
}

function bodyOf({ ambiguous, chunked, contentLength }: RequestFields, rest: Buffer): Buffer | Unreadable {
  if (ambiguous) return 'corrupt';
  if (chunked) return unchunked(rest);
  if (contentLength > rest.length) return 'truncated';
  return Buffer.from(rest.subarray(0, Math.max(0, contentLength)));
}

function unchunked(rest: Buffer): Buffer | Unreadable {
  const decoder = new ChunkedDecoder();
  const parts: Buffer[] = [];
  for (let at = 0; at < rest.length && !decoder.done && !decoder.failed;) {
    at = decoder.read(rest, at, rest.length);
    if (decoder.spanEnd > decoder.spanStart) parts.push(rest.subarray(decoder.spanStart, decoder.spanEnd));
  }
  if (decoder.failed) return 'corrupt';
  return decoder.done ? Buffer.concat(parts) : 'truncated';
}
