import type { CapturedAnswer, Pair, PairResult } from '../core/observation.ts';
import { compareBodies, type EncodedBody, sameBytes } from './body.ts';
import { contentCodings } from './decode.ts';
import { Findings } from './findings.ts';
import { compareHeaders, type Fields, fieldsOf } from './headers.ts';
import { bodyForm, parseMediaType } from './media-type.ts';

/** The part of a pair that is compared. */
export type ComparedPair = Pick<Pair, 'requestId' | 'method'> & {
  readonly legacy: ComparedAnswer;
  readonly candidate: ComparedAnswer;
};
export type ComparedAnswer = Pick<CapturedAnswer, 'status' | 'fields' | 'body' | 'bodyBytes'>;

/**
 * Compares the two answers of one pair: status, then headers, then bodies. Pure; it throws nothing that an answer
 * can cause. Answers of different status classes are not compared further: an error page differs from a page in
 * everything, and the one difference that matters would drown.
 * @returns differences masked and shortened, one example per class; `found` counts all of them
 */
export function comparePair(pair: ComparedPair): PairResult {
  const findings = new Findings();
  const { legacy, candidate } = pair;
  if (compareStatus(legacy.status, candidate.status, findings)) compareMessages(pair, findings);
  return findings.result(pair.requestId);
}

/** @returns whether it makes sense to go on */
function compareStatus(legacy: number, candidate: number, findings: Findings): boolean {
  if (isFailure(legacy) && isFailure(candidate)) {
    findings.add('both_failed', 'status', String(legacy), String(candidate));
    return false;
  }
  if (legacy === candidate) return true;
  findings.add('status', 'status', String(legacy), String(candidate));
  return Math.floor(legacy / 100) === Math.floor(candidate / 100);
}

/** Two failures never agree: neither lane has shown what it does. */
function isFailure(status: number): boolean {
  return status === 0 || status >= 500;
}

function compareMessages({ method, legacy, candidate }: ComparedPair, findings: Findings): void {
  const sameFields = equalLists(legacy.fields, candidate.fields);
  const bodyless = method === 'HEAD' || (isBodyless(legacy.status) && isBodyless(candidate.status));
  const kept = isKept(legacy) && isKept(candidate);
  if (sameFields && (bodyless || (kept && sameBytes(legacy.body, candidate.body)))) return;
  const one = fieldsOf(legacy.fields);
  const other = sameFields ? one : fieldsOf(candidate.fields);
  const notModified = legacy.status === 304 || candidate.status === 304;
  if (!sameFields) compareHeaders(one, other, { bodyless, notModified }, findings);
  if (bodyless) return;
  if (kept) compareBodies(encoded(legacy, one), encoded(candidate, other), findings);
  else findings.add('body_bytes', 'body', unkept(legacy), unkept(candidate));
}

/** RFC 9110, section 6.4.1. */
function isBodyless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** A body over the limit was not captured: nothing can be said about it, and nothing is no agreement. */
function isKept(answer: ComparedAnswer): boolean {
  return answer.body.byteLength === answer.bodyBytes;
}

function unkept(answer: ComparedAnswer): string {
  return `${answer.bodyBytes} bytes${isKept(answer) ? '' : ', too large to be kept'}`;
}

function encoded({ body }: ComparedAnswer, fields: Fields): EncodedBody {
  return {
    body,
    codings: contentCodings(fields.get('content-encoding') ?? []),
    form: bodyForm(parseMediaType(fields.get('content-type')?.[0])),
  };
}

function equalLists(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
