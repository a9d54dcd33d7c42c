import { canonicalJson, sha256Hex } from '../core/hash.ts';
import type { DifferenceRule, RuleAction } from '../core/rules.ts';
import type { RuleEntry } from './schema-differences.ts';

/** Digits of an id: enough for the rules of one configuration. */
const ID_DIGITS = 12;

/**
 * The rules of a configuration. One whose last day is over is left out: it was told by `check`.
 * @param nowMs milliseconds since the Unix epoch
 */
export function compileRules(entries: readonly RuleEntry[], nowMs: number): DifferenceRule[] {
  return entries.map(ruleOf).filter(({ expiresMs }) => expiresMs === null || expiresMs > nowMs);
}

/** What of rules shapes evidence: not who wrote them, nor why. */
export function shapingOf(rules: readonly DifferenceRule[]): unknown {
  return rules.map(({ path, endpoints, action, expiresMs }) => ({ path, endpoints, action, expiresMs }));
}

/** When a rule ends whose last day this is: at the end of that day, UTC. */
export function endOfDay(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) + 24 * 60 * 60 * 1_000;
}

function ruleOf(entry: RuleEntry): DifferenceRule {
  const { path, endpoints = [], reason, owner = null, expires } = entry;
  const action = actionOf(entry);
  const does = { path, endpoints, action };
  return {
    id: sha256Hex(canonicalJson(does)).slice(0, ID_DIGITS),
    ...does,
    reason,
    owner,
    expiresMs: expires === undefined ? null : endOfDay(expires),
  };
}

/** The schema lets exactly one through. */
function actionOf(entry: RuleEntry): RuleAction {
  if (entry.round !== undefined) return { do: 'round', decimals: entry.round };
  if (entry.sort !== undefined) return { do: 'sort' };
  if (entry.unordered !== undefined) return { do: 'unordered' };
  if (entry.keyedBy !== undefined) return { do: 'keyedBy', field: entry.keyedBy };
  if (entry.lower !== undefined) return { do: 'lower' };
  if (entry.trim !== undefined) return { do: 'trim' };
  if (entry.regex !== undefined) {
    return { do: 'regex', pattern: entry.regex, replace: entry.replace ?? '' };
  }
  if (entry.tolerance !== undefined) return { do: 'tolerance', ...entry.tolerance };
  return { do: 'ignore', kinds: entry.ignore === true || entry.ignore === undefined ? [] : entry.ignore };
}
