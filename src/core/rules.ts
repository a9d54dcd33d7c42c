import type { DifferenceKind } from './observation.ts';
import { formatDuration } from './units.ts';

/** What a rule does with the values at its path before, or after, they are found to differ. */
export type RuleAction =
  /** Everything at the path and below it, of these kinds only; none named: of every kind. */
  | { readonly do: 'ignore'; readonly kinds: readonly DifferenceKind[] }
  /** Numbers are compared after rounding to so many decimals, half away from zero. */
  | { readonly do: 'round'; readonly decimals: number }
  /** A list whose order means nothing; how often an element stands in it does. */
  | { readonly do: 'sort' }
  /** A list that is a set: neither order nor repetition mean anything. */
  | { readonly do: 'unordered' }
  /** A list of objects that are told apart by this field. */
  | { readonly do: 'keyedBy'; readonly field: string }
  | { readonly do: 'lower' }
  | { readonly do: 'trim' }
  /** What the pattern matches is replaced on both sides. */
  | { readonly do: 'regex'; readonly pattern: string; readonly replace: string }
  /** Numbers that are apart by so much at the most, or by this share of the larger one; moments, milliseconds. */
  | { readonly do: 'tolerance'; readonly unit: 'number' | 'share' | 'ms'; readonly most: number };

/** What a rule does, for people. */
export function actionText(action: RuleAction): string {
  switch (action.do) {
    case 'ignore':
      return action.kinds.length === 0 ? 'ignore' : `ignore ${action.kinds.join(', ')}`;
    case 'round':
      return `round to ${action.decimals}`;
    case 'keyedBy':
      return `keyed by ${action.field}`;
    case 'regex':
      return `regex ${action.pattern}`;
    case 'tolerance':
      return toleranceText(action);
    case 'sort':
    case 'unordered':
    case 'lower':
    case 'trim':
      return action.do;
  }
}

function toleranceText({ unit, most }: Extract<RuleAction, { do: 'tolerance' }>): string {
  if (unit === 'share') return `tolerance ${most * 100}%`;
  return unit === 'ms' ? `tolerance ${formatDuration(most)}` : `tolerance ${most}`;
}

/**
 * A rule about differences, written by a person. It only ever forgives: what it hides is counted under its id and is
 * no agreement.
 */
export interface DifferenceRule {
  /** Made of what the rule does, not of its reason: 12 hex digits. */
  readonly id: string;
  /** Glob, see `parseRulePath`. */
  readonly path: string;
  /** Globs over endpoints, `GET /users/*`; none: every endpoint. */
  readonly endpoints: readonly string[];
  readonly action: RuleAction;
  readonly reason: string;
  readonly owner: string | null;
  /** From this moment on the rule does nothing, milliseconds since the Unix epoch. */
  readonly expiresMs: number | null;
}

/** What one rule hid in one pair. */
export interface RuleHits {
  readonly rule: string;
  /** Differences that would have been found without it. */
  readonly hidden: number;
}
