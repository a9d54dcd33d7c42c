import type { HeaderFields } from '../core/headers.ts';
import { reportDefect } from './defect.ts';
import { answerFraming, type AnswerFraming } from './head-writer.ts';
import type { ResponseHead } from './types.ts';

/** A field as HTTP/2 takes it: a token in lower case, and no byte that its framing could not carry. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The head of an answer for a stream: name, value, … with `:status` first; and how its body ends. */
export interface H2Answer {
  readonly raw: string[];
  readonly framing: AnswerFraming;
}

/** @param method of the request */
export function h2Answer(head: ResponseHead, method: string): H2Answer {
  const framing = answerFraming(head, method, 1);
  const raw = [':status', String(head.status), ...h2Fields(head.fields)];
  const hasLength = head.framing === 'length' && head.status !== 204;
  if (hasLength) raw.push('content-length', String(head.contentLength));
  return { raw, framing };
}

/** Fields for a stream; one that cannot be sent is left out and reported, as in HTTP/1.1. */
export function h2Fields(fields: HeaderFields): string[] {
  const list: string[] = [];
  const flat = fields.flat();
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    const value = flat[index + 1] as string;
    const lower = name.toLowerCase();
    const trimmed = value.trim();
    if (NAME.test(lower) && VALUE.test(trimmed)) list.push(lower, trimmed);
    else
      reportDefect(new Error(`the field ${JSON.stringify(name)} cannot be sent by HTTP/2, and was dropped`));
  }
  return list;
}
