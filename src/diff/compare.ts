import type { CapturedAnswer, Pair, PairResult } from '../core/observation.ts';
import { isFailure, statusKind } from '../core/status-kind.ts';
import { compareBodies, type EncodedBody, sameBytes } from './body.ts';
import { hasSameHash, isKept } from './unkept.ts';
import { contentCodings } from './decode.ts';
import { Findings } from './findings.ts';
import { compareHeaders, type Fields, fieldsOf } from './headers.ts';
import { parseMediaType } from './media-type.ts';
import { hasValidator, isRevalidation, sharedFields } from './revalidation.ts';
import type { Requested } from './redirect.ts';
import type { RuleBook } from './rules.ts';
import { statusPath, statusWord } from './status.ts';

/** The part of a pair that is compared. */
export type ComparedPair = Pick<
  Pair,
  'requestId' | 'method' | 'conditional' | 'endpoint' | 'target' | 'origin'
> & {
  readonly legacy: ComparedAnswer;
  readonly candidate: ComparedAnswer;
};
export type ComparedAnswer = Pick<CapturedAnswer, 'status' | 'fields' | 'body' | 'bodyBytes' | 'bodyHash'>;

/**
 * Compares the two answers of one pair: status, then headers, then bodies. Pure; it throws nothing that an answer
 * can cause. Answers of different status classes are not compared further: an error page differs from a page in
 * everything, and the one difference that matters would drown.
 * @param rules what people said about differences, see `compileRules`; null: nothing
 * @returns differences masked and shortened, one example per class; `found` counts all of them, and `ignored` those that
 * rules hide
 */
export function comparePair(pair: ComparedPair, rules: RuleBook | null = null): PairResult {
  const findings = new Findings(rules?.forEndpoint(pair.endpoint) ?? null);
  const { legacy, candidate, conditional } = pair;
  if (isRevalidation(conditional, legacy.status, candidate.status)) compareRevalidation(pair, findings);
  else if (compareStatus(legacy.status, candidate.status, findings)) compareMessages(pair, findings);
  return findings.result(pair.requestId);
}

/** @returns whether it makes sense to go on */
function compareStatus(legacy: number, candidate: number, findings: Findings): boolean {
  if (isFailure(legacy) && isFailure(candidate)) {
    findings.add('both_failed', 'status', statusWord(legacy), statusWord(candidate));
    return false;
  }
  if (legacy === candidate) return true;
  addStatus(legacy, candidate, findings);
  return Math.floor(legacy / 100) === Math.floor(candidate / 100);
}

/** Which statuses they are is part of the class: a 500 turned into a 200 must not stand for the reverse. */
function addStatus(legacy: number, candidate: number, findings: Findings): void {
  const path = statusPath(legacy, candidate);
  findings.add(statusKind(legacy, candidate), path, statusWord(legacy), statusWord(candidate));
}

function compareRevalidation(pair: ComparedPair, findings: Findings): void {
  const { legacy, candidate } = pair;
  const [one, other] = [fieldsOf(legacy.fields), fieldsOf(candidate.fields)];
  if (!hasValidator(one) && !hasValidator(other)) {
    addStatus(legacy.status, candidate.status, findings);
    return;
  }
  const described = { bodyless: true, head: false, notModified: true, requested: requestedBy(pair) };
  if (legacy.status === 304) {
    const [before, after] = sharedFields(one, other);
    compareHeaders(before, after, described, findings);
  } else {
    const [after, before] = sharedFields(other, one);
    compareHeaders(before, after, described, findings);
  }
}

function requestedBy({ origin = null, target }: ComparedPair): Requested {
  return { origin, target };
}

function compareMessages(pair: ComparedPair, findings: Findings): void {
  const { method, legacy, candidate } = pair;
  const sameFields = equalLists(legacy.fields, candidate.fields);
  const head = method === 'HEAD';
  const bodyless = head || (isBodyless(legacy.status) && isBodyless(candidate.status));
  if (sameFields && (bodyless || isSameBody(legacy, candidate))) return;
  const one = fieldsOf(legacy.fields);
  const other = sameFields ? one : fieldsOf(candidate.fields);
  const notModified = legacy.status === 304 || candidate.status === 304;
  const described = { bodyless, head, notModified, requested: requestedBy(pair) };
  if (!sameFields) compareHeaders(one, other, described, findings);
  if (bodyless) return;
  compareBodies(encoded(legacy, one), encoded(candidate, other), findings);
}

/** Whether two bodies are the same bytes: kept ones by their bytes, others by length and hash. */
export function isSameBody(legacy: ComparedAnswer, candidate: ComparedAnswer): boolean {
  if (isKept(legacy) && isKept(candidate)) return sameBytes(legacy.body, candidate.body);
  return hasSameHash(legacy, candidate);
}

/** RFC 9110, section 6.4.1. */
export function isBodyless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

function encoded(answer: ComparedAnswer, fields: Fields): EncodedBody {
  const { body, bodyBytes, bodyHash = null } = answer;
  return {
    body,
    unkept: isKept(answer) ? null : { bytes: bodyBytes, hash: bodyHash },
    codings: contentCodings(fields.get('content-encoding') ?? []),
    type: parseMediaType(fields.get('content-type')?.[0]),
  };
}

function equalLists(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
