import type { CapturedAnswer, Difference, Pair, PairResult } from '../../src/core/observation.ts';
import { comparePair } from '../../src/diff/compare.ts';

export interface AnswerSketch {
  status?: number;
  fields?: string[];
  body?: string | Uint8Array;
}

function answer({ status = 200, fields = [], body = '' }: AnswerSketch = {}): CapturedAnswer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return { status, fields, body: bytes, bodyBytes: bytes.byteLength, firstByteUs: 10, totalUs: 20 };
}

export function pairOf(legacy: AnswerSketch, candidate: AnswerSketch, rest: Partial<Pair> = {}): Pair {
  return {
    requestId: 'r-1',
    direction: 'shadow',
    epoch: 1,
    revision: 1,
    route: 'api',
    region: 'eu-west',
    endpoint: 'GET /users/{id}',
    method: 'GET',
    target: '/users/7',
    conditional: false,
    legacy: answer(legacy),
    candidate: answer(candidate),
    ...rest,
  };
}

export function compare(legacy: AnswerSketch, candidate: AnswerSketch, rest: Partial<Pair> = {}): PairResult {
  return comparePair(pairOf(legacy, candidate, rest));
}

/** `kind path` of every difference kept, in order. */
export function classes(result: PairResult): string[] {
  return result.differences.map(({ kind, path }) => `${kind} ${path}`);
}

export const JSON_FIELDS = ['content-type', 'application/json'];

/** Compares two JSON texts and names the classes. */
export function json(legacy: string, candidate: string): PairResult {
  return compare({ fields: JSON_FIELDS, body: legacy }, { fields: JSON_FIELDS, body: candidate });
}

export function first(result: PairResult): Difference {
  const [difference] = result.differences;
  if (difference === undefined) throw new Error('there is no difference');
  return difference;
}
