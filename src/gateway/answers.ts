import { ERROR_HEADER, failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import { HeaderFields } from '../core/headers.ts';
import type { OutboundHandler, ResponseHead } from '../wire/types.ts';
import type { FilterAnswer } from './filters/types.ts';

const REASONS: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  403: 'Forbidden',
  404: 'Not Found',
  421: 'Misdirected Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The gateway's own answer to a failure: a status, a code, never a server's message. */
export function failureAnswer(code: FailureCode): FilterAnswer {
  const status = failure(code).status || 500;
  const fields = new HeaderFields([ERROR_HEADER, code, 'Content-Type', 'text/plain; charset=utf-8']);
  if (status === 503) fields.append('Retry-After', '1');
  return { status, fields, body: `${REASONS[status] ?? 'Error'} (${code})\n` };
}

/** The head of an answer with a body that is at hand. */
export function headOf(answer: FilterAnswer): ResponseHead {
  return {
    status: answer.status,
    reason: REASONS[answer.status] ?? '',
    fields: answer.fields,
    framing: 'length',
    contentLength: Buffer.byteLength(answer.body),
  };
}

/** Plays an answer to a handler as if a server had given it; call it outside the handler's own call stack. */
export function playAnswer(answer: FilterAnswer, handler: OutboundHandler, method: string): void {
  handler.onHead(headOf(answer));
  if (answer.body !== '' && method !== 'HEAD') handler.onData(Buffer.from(answer.body));
  handler.onEnd();
}
