// HOT: one string per head; framing is written here and nowhere else.
import { ERROR_HEADER, type FailureCode } from '../core/errors.ts';
import type { HeaderFields } from '../core/headers.ts';
import { httpDate } from '../core/http-date.ts';
import { reportDefect } from './defect.ts';
import type { OutboundHead, ResponseHead } from './types.ts';

const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  102: 'Processing',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** How the body of an answer to a client goes out. */
export type AnswerFraming = 'none' | 'length' | 'chunked' | 'close';

/** The end of a chunked body without trailers (RFC 9112, section 7.1). */
export const LAST_CHUNK = '0\r\n\r\n';

/** The answer to `Expect: 100-continue`. */
export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/**
 * What would begin another field or message. Heads that were received hold none of it, so this is about text made
 * here; a character above 255 loses its high byte when it is written, and may become one of the others.
 */
const UNSAFE = /[\0\n\r\u0100-\uffff]/;

function fieldsText(fields: HeaderFields): string {
  const list = fields.added();
  const { isChecked } = fields;
  let text = fields.receivedLines();
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index] as string;
    const value = list[index + 1] as string;
    if (!isChecked && (UNSAFE.test(name) || UNSAFE.test(value)))
      dropUnsafe(`the field ${JSON.stringify(name)}`);
    else text += `${name}: ${value}\r\n`;
  }
  return text;
}

function dropUnsafe(what: string): void {
  reportDefect(new Error(`${what} holds CR, LF, NUL or a character that is no byte, and was dropped`));
}

let lastStatus = 0;
let lastReason = '';
let lastLine = '';

function statusLine(status: number, reason: string): string {
  if (status === lastStatus && reason === lastReason) return lastLine;
  const isSafe = !UNSAFE.test(reason);
  if (!isSafe) dropUnsafe(`the reason phrase of a ${status}`);
  lastStatus = status;
  lastReason = reason;
  lastLine = `HTTP/1.1 ${status} ${isSafe && reason !== '' ? reason : (REASONS[status] ?? '')}\r\n`;
  return lastLine;
}

/** The head of a request to a server (RFC 9112, section 3): Host first, then the fields, then the framing. */
export function requestText(head: OutboundHead): string {
  const text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${head.host}\r\n${fieldsText(head.fields)}`;
  if (head.framing === 'length') return `${text}Content-Length: ${head.contentLength}\r\n\r\n`;
  if (head.framing === 'chunked') return `${text}Transfer-Encoding: chunked\r\n\r\n`;
  if (head.upgrade !== '') return `${text}${upgradeLines(head.upgrade)}\r\n`;
  const { method } = head;
  const expectsBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  return expectsBody ? `${text}Content-Length: 0\r\n\r\n` : `${text}\r\n`;
}

/**
 * How the body of an answer is sent to this client (RFC 9112, section 6.3).
 * @param minorVersion of the request: HTTP/1.0 knows no chunks
 */
export function answerFraming(head: ResponseHead, method: string, minorVersion: 0 | 1): AnswerFraming {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return 'none';
  if (head.framing === 'none' || head.framing === 'length') return head.framing;
  return minorVersion === 1 ? 'chunked' : 'close';
}

function endOfHead(close: boolean): string {
  return close ? 'Connection: close\r\n\r\n' : '\r\n';
}

/** Hop-by-hop like every Upgrade, but a 426 must say what it requires (RFC 9110, section 15.5.22): for this hop, we do. */
function upgradeAsked(protocols: string, close: boolean): string {
  if (UNSAFE.test(protocols)) return endOfHead(close);
  return `Connection: Upgrade${close ? ', close' : ''}\r\nUpgrade: ${protocols}\r\n\r\n`;
}

/** The head of an answer to a client. */
export function answerText(head: ResponseHead, method: string, minorVersion: 0 | 1, close: boolean): string {
  const end = head.upgrade === undefined ? endOfHead(close) : upgradeAsked(head.upgrade, close);
  const framing = framingText(head, method, minorVersion);
  return `${statusLine(head.status, head.reason)}${fieldsText(head.fields)}${framing}${end}`;
}

function framingText(head: ResponseHead, method: string, minorVersion: 0 | 1): string {
  if (head.status === 204) return '';
  if (head.framing === 'length') return `Content-Length: ${head.contentLength}\r\n`;
  if (head.status === 304) return '';
  if (head.framing === 'none') return method === 'HEAD' ? '' : 'Content-Length: 0\r\n';
  if (minorVersion === 0 || (method === 'HEAD' && head.framing === 'close')) return '';
  return 'Transfer-Encoding: chunked\r\n';
}

/** An interim answer (RFC 9110, section 15.2). */
export function informText(status: number, fields: HeaderFields): string {
  return `${statusLine(status, '')}${fieldsText(fields)}\r\n`;
}

/** The 101 to a client, after which its connection speaks another protocol (RFC 9110, section 15.2.2). */
export function switchText(head: ResponseHead, protocol: string): string {
  return `${statusLine(101, head.reason)}${fieldsText(head.fields)}${upgradeLines(protocol)}\r\n`;
}

function upgradeLines(protocol: string): string {
  return `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
}

/** The whole answer to a head that was refused; the connection ends after it. */
export function refusalText(code: FailureCode, status: number): string {
  const date = `Date: ${httpDate()}\r\n`;
  const retry = status === 503 || status === 429 ? 'Retry-After: 1\r\n' : '';
  return `${statusLine(status, '')}${date}${retry}Content-Length: 0\r\n${ERROR_HEADER}: ${code}\r\nConnection: close\r\n\r\n`;
}
