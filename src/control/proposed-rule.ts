import type { DifferenceRule } from '../core/rules.ts';
import { OTHER_PLACES } from '../telemetry/class-share.ts';
import type { StoredClass } from '../rollout/ports.ts';

/** What a person says about a rule. */
export interface RuleWords {
  readonly reason: string;
  readonly owner?: string | undefined;
  /** The last day of the rule, `2027-01-31`. */
  readonly expires?: string | undefined;
}

/**
 * The rule that ignores one class, as YAML of `differences.rules`: this kind at this path of this endpoint, and nothing
 * else. Reason, owner and end are for a person to say.
 */
export function proposedRule(
  { endpoint, kind, path }: Pick<StoredClass, 'endpoint' | 'kind' | 'path'>,
  words?: RuleWords,
): string {
  const where = [
    `path: ${text(rulePath(kind, path))}`,
    `endpoints: [${text(endpoint)}]`,
    `ignore: [${kind}]`,
  ];
  const said = Object.entries(words ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${text(String(value))}`],
  );
  return `{ ${[...where, ...said].join(', ')} }`;
}

/** Whether a rule can say where a class stands: what was too much to be told apart cannot be told apart by a rule. */
export function isNameable({ endpoint, path }: Pick<StoredClass, 'endpoint' | 'path'>): boolean {
  return endpoint.includes(' /') && path !== OTHER_PLACES && !isWithoutAnswer(path);
}

/** A lane that gave no answer was not compared: no rule can hide that. */
function isWithoutAnswer(path: string): boolean {
  return /^status\/(?:none-\w+|\w+-none)$/.test(path);
}

/** Whether a rule ignores this very class, whatever else it ignores. */
export function isRuleFor(
  { path, endpoints, action }: DifferenceRule,
  found: Pick<StoredClass, 'endpoint' | 'kind' | 'path'>,
): boolean {
  if (action.do !== 'ignore' || path !== rulePath(found.kind, found.path)) return false;
  const everywhere = endpoints.length === 0 || endpoints.includes(found.endpoint);
  return everywhere && (action.kinds.length === 0 || action.kinds.some((kind) => kind === found.kind));
}

/**
 * Where a class stands, in the words of rules: `status/200-404`, `headers/x-build`, `body/items/*\/price`. JSON
 * Pointers escape as rules do.
 */
function rulePath(kind: string, path: string): string {
  if (path === 'status' || path.startsWith('status/')) return path;
  if (path === 'body' || path.startsWith('body/')) return path;
  const inBody = kind.startsWith('body_') || kind.startsWith('json_');
  return inBody ? `body${path}` : `headers/${path}`;
}

/** In double quotes, as JSON writes it: YAML reads that the same way. */
function text(value: string): string {
  return JSON.stringify(value);
}
