import type { Inputs } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { errorAtKey } from '../problem.ts';
import { FILTER_KINDS } from '../schema-filters.ts';
import type { Source } from '../source.ts';
import { entriesAt, valueAt } from '../view.ts';
import { checkBuiltIn } from './built-in.ts';
import { checkClaimUse } from './claim-use.ts';
import { checkModule, checkModuleCount } from './filter-modules.ts';
import { checkTokenPolicy } from './token-policy.ts';

/** Filters that are of one kind each, and can do what they are for. */
export function checkFilters({ raw }: Source, inputs: Inputs): Finding[] {
  const found = entriesAt(raw, ['filters']).flatMap(([name]) => {
    const entry = ['filters', name];
    return [
      ...checkKind(raw, entry),
      ...checkModule(raw, entry, inputs),
      ...checkBuiltIn(raw, entry),
      ...checkTokenPolicy(raw, [...entry, 'jwt'], inputs),
    ];
  });
  return [...checkModuleCount(raw), ...found, ...checkClaimUse(raw)];
}

/** An entry is one filter: exactly one key says what it does. */
function checkKind(raw: unknown, entry: Path): Finding[] {
  const value = valueAt(raw, entry);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const [first, second] = FILTER_KINDS.filter((kind) => valueAt(raw, [...entry, kind]) !== undefined);
  const all = FILTER_KINDS.join(', ');
  if (first === undefined)
    return [errorAtKey(entry, 'nothing says what this filter does', `give it one of: ${all}`)];
  if (second === undefined) return [];
  return [
    errorAtKey([...entry, second], `this filter is ${first} already`, 'give the other one a name of its own'),
  ];
}
