import { fieldRefusal } from '../../../core/filter-fields.ts';
import { HeaderFields } from '../../../core/headers.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { FilterAnswer } from '../types.ts';

const WITHOUT_BODY: readonly number[] = [204, 304];

/** What a filter answers with, checked. @throws Error for what no client could be sent */
export function answerOf(verdict: unknown): FilterAnswer {
  if (typeof verdict !== 'object' || verdict === null)
    throw new Error('an answer is an object with a status, or nothing');
  const {
    status,
    headers = {},
    body = '',
  } = verdict as { status?: unknown; headers?: unknown; body?: unknown };
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    throw new Error('the status of an answer is a whole number from 200 to 599');
  if (typeof body !== 'string') throw new Error('the body of an answer is a text');
  if (body !== '' && WITHOUT_BODY.includes(status as number))
    throw new Error(`an answer ${String(status)} has no body`);
  if (Buffer.byteLength(body) > LIMITS.filterReplyBytes)
    throw new Error(`the body of an answer is larger than ${LIMITS.filterReplyBytes} bytes`);
  const fields = fieldsOf(headers);
  if (body !== '' && !fields.has('content-type')) fields.append('Content-Type', 'text/plain; charset=utf-8');
  return { status: status as number, fields, body };
}

function fieldsOf(headers: unknown): HeaderFields {
  if (typeof headers !== 'object' || headers === null)
    throw new Error('the headers of an answer are an object');
  const fields = new HeaderFields();
  for (const [name, values] of Object.entries(headers)) {
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      const refusal = fieldRefusal(name.toLowerCase(), value as string);
      if (refusal !== null) throw new Error(refusal);
      fields.append(name, value as string);
    }
  }
  return fields;
}
