import type { PairResult } from '../../src/core/observation.ts';
import type { DifferenceRule, RuleAction } from '../../src/core/rules.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { compileRules } from '../../src/diff/rules.ts';
import { type AnswerSketch, JSON_FIELDS, pairOf } from './kit.ts';

/** A rule for every endpoint; its id is its path. */
export function ruleOf(path: string, action: RuleAction, rest: Partial<DifferenceRule> = {}): DifferenceRule {
  return { id: path, path, endpoints: [], action, reason: 'a test', owner: null, expiresMs: null, ...rest };
}

export const IGNORE: RuleAction = { do: 'ignore', kinds: [] };

/** Compares under rules. */
export async function compareUnder(
  rules: readonly DifferenceRule[],
  legacy: AnswerSketch,
  candidate: AnswerSketch,
): Promise<PairResult> {
  return comparePair(pairOf(legacy, candidate), await compileRules(rules, 0));
}

/** Compares two JSON texts under rules. */
export function jsonUnder(
  rules: readonly DifferenceRule[],
  legacy: string,
  candidate: string,
): Promise<PairResult> {
  return compareUnder(rules, { fields: JSON_FIELDS, body: legacy }, { fields: JSON_FIELDS, body: candidate });
}
