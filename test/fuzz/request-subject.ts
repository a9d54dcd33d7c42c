import { newRequestId, traceparentFor } from '../../src/core/ids.ts';
import type { Arrival } from '../../src/gateway/arrival.ts';
import { forwardedFields } from '../../src/gateway/forwarded.ts';
import { NO_VIA } from '../../src/gateway/via.ts';
import { requestText } from '../../src/wire/head-writer.ts';
import { normalizePath } from '../../src/wire/target.ts';
import type { RequestHead } from '../../src/wire/types.ts';
import type { Draw } from './draw.ts';
import { askOracle, KNOWN_METHODS } from './llhttp.ts';
import { cut, shown, singly } from './message.ts';
import type { Message, Understood } from './message.ts';
import { askOurs } from './ours.ts';
import type { OurMessage, OurUnderstanding } from './ours.ts';
import { REQUESTS } from './request-corpus.ts';
import { requestsOf } from './requests.ts';
import type { Subject } from './subject.ts';

/**
 * Where the oracle refuses what we take, on purpose. Anything else it refuses, we must refuse.
 * - `method`: llhttp knows a list of names; we take any name of `A-Z`, `_` and `-`, as NGINX does. A method has no
 *   say in framing here (HEAD apart, which it knows).
 * - `utf8`: llhttp refuses raw UTF-8 in a target, which clients do send; we escape it before anything looks at it.
 * - `proxyConnection`: llhttp ends a connection after `Proxy-Connection: close`, which is no field of the standard
 *   (RFC 9112, appendix C.2.2); we drop it, and the next request is read.
 * - `trailer`: llhttp reads the trailer section with the rules of framing fields, and refuses a second
 *   Content-Length there. We check its syntax, bound it and drop it: no server behind us ever sees one.
 */
function exceptionFor(
  mine: OurMessage,
  oracle: Understood,
  input: string,
): 'method' | 'utf8' | 'proxyConnection' | 'trailer' | null {
  if (!KNOWN_METHODS.has(mine.method)) return 'method';
  if (/%[89A-F]/.test(mine.target) && RAW_UTF8.test(input)) return 'utf8';
  if (PROXY_CLOSE.test(input)) return 'proxyConnection';
  const isInTrailer = oracle.end === 'refused' && oracle.partial === mine.body && TRAILER.test(input);
  return isInTrailer && mine.request?.framing === 'chunked' ? 'trailer' : null;
}

const RAW_UTF8 = /[A-Z_-]+ \S*[\u0080-\u00ff]\S* HTTP\/1\.[01]\r/;
const PROXY_CLOSE = /proxy-connection:[^\n]*close/i;
const TRAILER =
  /0\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding|connection|upgrade|proxy-connection):/i;

/** Fields that are never passed on as they came, or that a `Connection` field may take away. */
const REFRAMED =
  /^(?:host|content-length|transfer-encoding|connection|expect|upgrade|te|trailer|keep-alive|http2-settings|proxy-.*)$/i;

/** Requests as bytes: what the wire room alone makes of them, beside llhttp. No sockets, so it is fast. */
export const requestSubject: Subject = {
  name: 'requests',
  corpus: REQUESTS,
  make: requestsOf,
  check(input, draw) {
    const ours = askOurs([Buffer.from(input, 'latin1')], 'request');
    return (
      slicing(input, ours, draw) ??
      judged(input, ours, askOracle([Buffer.from(input, 'latin1')], 'request')) ??
      firstOf(ours.messages.map(forwarding))
    );
  },
};

function firstOf(problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}

/** However the bytes are cut, they mean the same. */
function slicing(input: string, whole: OurUnderstanding, draw: Draw): string | null {
  const ways = [singly(input), cut(input, draw.places(input.length, 4))];
  const wanted = JSON.stringify(plain(whole));
  for (const pieces of ways) {
    const other = JSON.stringify(plain(askOurs(pieces, 'request')));
    if (other !== wanted)
      return `cut at ${pieces.map((piece) => piece.length).join(' ')} it is another: ${shown(other)} for ${shown(wanted)}`;
  }
  return null;
}

/** What of a message must be equal. */
export function plain({ messages, partial, end }: Understood): Understood {
  const part = (message: Message): Message => {
    const { method, target, status, minorVersion, fields, body } = message;
    return { method, target, status, minorVersion, fields, body };
  };
  return { messages: messages.map(part), partial, end };
}

/** Everything we take, the oracle takes, and it understands the same. */
function judged(input: string, ours: OurUnderstanding, oracle: Understood): string | null {
  for (const [at, mine] of ours.messages.entries()) {
    const theirs = oracle.messages[at];
    if (theirs === undefined && exceptionFor(mine, oracle, input) !== null) return null;
    if (theirs === undefined)
      return `llhttp (${oracle.end}) does not know message ${at}: ${shown(JSON.stringify(mine))}`;
    const problem = differs(mine, theirs);
    if (problem !== null) return `message ${at}: ${problem}`;
  }
  const { begun } = ours;
  if (begun === null || ours.end !== 'partial' || oracle.end !== 'refused') return null;
  // All bytes were given to both: what llhttp refused and we did not is a body that goes on for us alone.
  const isBehind = oracle.messages.length > ours.messages.length;
  return isBehind || exceptionFor(begun, oracle, input) !== null
    ? null
    : 'we wait for more of what llhttp refused';
}

function differs(mine: OurMessage, theirs: Message): string | null {
  if (mine.method !== theirs.method) return `method ${theirs.method}, ours ${mine.method}`;
  const target = normalTarget(theirs.method, theirs.target);
  if (mine.target !== target) return `target ${shown(target)}, ours ${shown(mine.target)}`;
  if (mine.minorVersion !== theirs.minorVersion) return 'another version';
  if (mine.body !== theirs.body) return `body ${shown(theirs.body)}, ours ${shown(mine.body)}`;
  return fieldsDiffer(mine.fields, theirs.fields);
}

/** Ours are theirs in the same order, without those that are re-framed, hold `_`, or were named by `Connection`. */
function fieldsDiffer(mine: readonly string[], theirs: readonly string[]): string | null {
  const named = theirs
    .filter((_, at) => at % 2 === 1 && /^connection$/i.test(theirs[at - 1] ?? ''))
    .flatMap((value) =>
      value
        .toLowerCase()
        .split(',')
        .map((option) => option.trim()),
    );
  let next = 0;
  for (let at = 0; at < theirs.length; at += 2) {
    const [name = '', value = ''] = [theirs[at], theirs[at + 1]];
    const isSame = mine[next] === name && mine[next + 1] === value.replaceAll(/^[ \t]+|[ \t]+$/g, '');
    if (isSame) next += 2;
    else if (!REFRAMED.test(name) && !name.includes('_') && !named.includes(name.toLowerCase()))
      return `the field ${shown(name)} is missing`;
  }
  return next === mine.length ? null : `the field ${shown(mine[next] ?? '')} came from nowhere`;
}

/** The oracle's target in the one form that is routed and forwarded (RFC 9112, section 3.2.4: OPTIONS of no path is `*`). */
function normalTarget(method: string, target: string): string {
  const escape = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  const origin = target.replaceAll(/[\u0080-\u00ff]/g, escape).replace(/^https?:\/\/[^/?]*/i, '');
  if (origin === '*' || (method === 'OPTIONS' && origin === '')) return '*';
  const rooted = origin.startsWith('/') ? origin : `/${origin}`;
  const mark = rooted.indexOf('?');
  return mark === -1 ? normalizePath(rooted) : normalizePath(rooted.slice(0, mark)) + rooted.slice(mark);
}

const ARRIVAL: Arrival = {
  requestId: newRequestId(),
  traceparent: traceparentFor(undefined),
  peerAddress: '192.0.2.1',
  peerTrusted: false,
  clientAddress: '192.0.2.1',
  region: 'eu',
  scheme: 'http',
  clientCertificate: null,
  via: NO_VIA,
  userKey: null,
  claims: null,
};

/** The bytes a lane gets for a message: what the exchange and the head writer make of it. */
function forwardedText(head: RequestHead, body: string): string {
  const fields = forwardedFields(head, ARRIVAL, []);
  const { method, target, framing, contentLength } = head;
  const host = head.host === '' ? 'lane' : head.host;
  const text = requestText({ method, target, host, fields, framing, contentLength, upgrade: '' });
  if (framing !== 'chunked') return text + body;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${text}${chunk}0\r\n\r\n`;
}

/** What is forwarded is one message, and the same, for the oracle and for ourselves. */
function forwarding(message: OurMessage): string | null {
  if (message.request === null) return 'no head';
  const text = forwardedText(message.request, message.body);
  const again = askOurs([Buffer.from(text, 'latin1')], 'request');
  const stable = sameAgain(message, again.messages, again.end, text);
  if (stable !== null || !KNOWN_METHODS.has(message.method)) return stable;
  const oracle = askOracle([Buffer.from(text, 'latin1')], 'request');
  return sameAgain(message, oracle.messages, oracle.end, text);
}

function sameAgain(
  message: OurMessage,
  messages: readonly Message[],
  end: string,
  text: string,
): string | null {
  const [again] = messages;
  const isSame =
    messages.length === 1 &&
    end === 'clean' &&
    again !== undefined &&
    again.method === message.method &&
    again.target === message.target &&
    again.body === message.body;
  return isSame
    ? null
    : `forwarded as ${shown(text)} it is read as ${shown(JSON.stringify({ end, messages }))}`;
}
