import { areNear, decimalOf, rounded } from './decimal.ts';
import { momentOf } from './moments.ts';
import { splitOutsideQuotes } from './quoted.ts';
import type { ActiveRule } from './rule-state.ts';

/**
 * The rule that makes two texts say the same, or null. Rules are applied one after another, so that two of them may do
 * together what neither does alone; the one that ends it is named.
 * @param numeric the texts are numbers of a document, not strings
 */
export function forgiving(
  rules: readonly ActiveRule[],
  legacy: string,
  candidate: string,
  numeric: boolean,
): ActiveRule | null {
  let [one, other] = [legacy, candidate];
  for (const rule of rules) {
    if (rule.action.do === 'tolerance') {
      if (isTolerated(rule.action, one, other)) return rule;
    } else {
      [one, other] = [normalised(rule, one, numeric), normalised(rule, other, numeric)];
      if (one === other) return rule;
    }
  }
  return null;
}

/** Whether two lists written with commas say the same under a rule about lists. */
export function listForgiving({ action }: ActiveRule, legacy: string, candidate: string): boolean {
  const arranged = (text: string): string => {
    const parts = splitOutsideQuotes(text, ',').toSorted();
    return (action.do === 'unordered' ? [...new Set(parts)] : parts).join(',');
  };
  return action.do !== 'keyedBy' && arranged(legacy) === arranged(candidate);
}

/** A text as the rules let it be seen, for telling elements of lists apart. A tolerated value says nothing at all. */
export function seenAs(rules: readonly ActiveRule[], text: string, numeric: boolean): string {
  return rules.some(({ action }) => action.do === 'tolerance') ? '' : rewritten(rules, text, numeric);
}

/** The same where values that are near each other are two: none of them stands for all. */
export function rewritten(rules: readonly ActiveRule[], text: string, numeric: boolean): string {
  let seen = text;
  for (const rule of rules) if (rule.action.do !== 'tolerance') seen = normalised(rule, seen, numeric);
  return seen;
}

function normalised({ action, replace }: ActiveRule, text: string, numeric: boolean): string {
  if (action.do === 'round') {
    const value = decimalOf(text);
    return value === null ? text : rounded(value, action.decimals);
  }
  if (numeric) return text;
  if (action.do === 'lower') return text.toLowerCase();
  if (action.do === 'trim') return text.trim();
  return replace === null ? text : replace(text);
}

function isTolerated(
  { unit, most }: { readonly unit: 'number' | 'share' | 'ms'; readonly most: number },
  legacy: string,
  candidate: string,
): boolean {
  if (unit === 'ms') {
    const [one, other] = [instantOf(legacy), instantOf(candidate)];
    return one !== null && other !== null && Math.abs(one - other) <= most;
  }
  const [one, other, bound] = [decimalOf(legacy), decimalOf(candidate), decimalOf(decimalText(most))];
  if (one === null || other === null || bound === null) return false;
  return areNear(one, other, bound, unit === 'share');
}

/** JSON has no `1e-7` with a bare plus, and neither has this: `1e+21` becomes `1e21`. */
function decimalText(value: number): string {
  return String(value).replace('e+', 'e');
}

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
const COUNT = /^\d{1,19}(?:\.\d{1,9})?$/;
/** A count of seconds since 1970 is below it until the year 5138; the same as milliseconds, microseconds, nanoseconds. */
const SECONDS_BELOW = 1e11;

/** A moment as ISO 8601, as an HTTP date, or as a count since 1970 whose unit is told by its size. Milliseconds. */
function instantOf(text: string): number | null {
  if (COUNT.test(text)) {
    let value = Number(text);
    let perMs = 0.001;
    for (; value >= SECONDS_BELOW; value /= 1_000) perMs *= 1_000;
    return Number(text) / perMs;
  }
  if (!ISO.test(text)) return momentOf(text);
  const point = text.replace(' ', 'T').replace(',', '.');
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(point.slice(10)) || point.length === 10 ? point : `${point}Z`;
  const moment = Date.parse(zoned.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(moment) ? null : moment;
}
