import type { FilterDefinition } from './filter-api.ts';
import { LIMITS } from './limits.ts';

/** What a module exports, as a filter, or why it is none. */
export type FilterFinding =
  | { readonly ok: true; readonly definition: FilterDefinition }
  | { readonly ok: false; readonly message: string; readonly hint: string };

export const FILTER_HOOKS = ['onRequest', 'onUpstreamRequest', 'onResponse', 'onDone'] as const;
const KEYS: readonly string[] = ['name', 'failure', 'budgetMs', 'parse', ...FILTER_HOOKS];

/** These answer at once: what they do after an `await` would come too late. */
const IMMEDIATE = ['onUpstreamRequest', 'onResponse'] as const;

/** Reads the default export of a user's module. It never throws for what stands there. */
export function definitionOf(module: unknown): FilterFinding {
  const exported = isRecord(module) ? module['default'] : undefined;
  if (!isRecord(exported))
    return wrong('it has no default export that is a filter', 'write: export default defineFilter({ … })');
  const unknown = Object.keys(exported).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return wrong(`a filter has no "${unknown}"`, `it has ${KEYS.join(', ')}`);
  return valueProblem(exported) ?? hookProblem(exported) ?? { ok: true, definition: exported as never };
}

function valueProblem({ name, failure, budgetMs, parse }: Record<string, unknown>): FilterFinding | null {
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name))
    return wrong('its name is missing or odd', "write a word: name: 'geo'");
  if (failure !== undefined && failure !== 'open' && failure !== 'closed')
    return wrong('its failure is neither open nor closed', "write: failure: 'closed'");
  if (parse !== undefined && typeof parse !== 'function')
    return wrong('its parse is no function', 'write: parse: (options) => ({ … })');
  if (budgetMs === undefined || isBudget(budgetMs)) return null;
  const hint = `write whole milliseconds from 1 to ${LIMITS.filterBudgetMostMs}: budgetMs: ${LIMITS.filterBudgetMs}`;
  return wrong('its budgetMs is out of bounds', hint);
}

function isBudget(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LIMITS.filterBudgetMostMs;
}

function hookProblem(exported: Record<string, unknown>): FilterFinding | null {
  const given = FILTER_HOOKS.filter((hook) => exported[hook] !== undefined);
  const hint = `hooks are ${FILTER_HOOKS.join(', ')}`;
  if (given.length === 0) return wrong('it has no hook: it would never do anything', hint);
  const other = given.find((hook) => typeof exported[hook] !== 'function');
  if (other !== undefined) return wrong(`its ${other} is no function`, hint);
  const late = IMMEDIATE.find((hook) => exported[hook]?.constructor.name === 'AsyncFunction');
  if (late === undefined) return null;
  return wrong(`its ${late} is async: nobody waits for it`, 'do what takes time in onRequest');
}

function wrong(message: string, hint: string): FilterFinding {
  return { ok: false, message, hint };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
