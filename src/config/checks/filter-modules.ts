import { LIMITS } from '../../core/limits.ts';
import { filterPlace, inspectFilter } from '../filter-inspection.ts';
import type { Inputs } from '../inputs.ts';
import { absolute } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { entriesAt, textAt, valueAt } from '../view.ts';

/** Keys that only a filter of a user can have. */
const ONLY = ['failure', 'budget'];

/** Hooks of the candidate lane alone. */
const LANE_HOOKS = ['onUpstreamRequest', 'onResponse'];

/** So many modules, and no more: each worker has them all. */
export function checkModuleCount(raw: unknown): Finding[] {
  const modules = entriesAt(raw, ['filters']).filter(
    ([name]) => textAt(raw, ['filters', name, 'module']) !== null,
  );
  const [first] = modules.slice(LIMITS.filterModules);
  if (first === undefined) return [];
  const message = `there are more than ${LIMITS.filterModules} filters with a module`;
  return [errorAtKey(['filters', first[0]], message, 'put several checks into one module')];
}

/** A module that loads and exports a filter. All its files are watched, also when it does not load. */
export function checkModule(raw: unknown, entry: Path, inputs: Inputs): Finding[] {
  const path = [...entry, 'module'];
  const file = textAt(raw, path);
  if (file === null || file === '') return strays(raw, entry);
  const found = (inputs.inspect ?? inspectFilter)(absolute(inputs, file));
  inputs.files?.add(absolute(inputs, file));
  for (const source of found.files) inputs.files?.add(source.path);
  if (found.ok) return checkPlace(raw, entry, found.hooks);
  const where = filterPlace(found, inputs.folder);
  return [error(path, `${found.message}${where}`, found.hint ?? `relative paths start at ${inputs.folder}`)];
}

/** What lanes answer is not shown to a filter that stands before them. */
function checkPlace(raw: unknown, entry: Path, hooks: readonly string[]): Finding[] {
  const unused = hooks.filter((hook) => LANE_HOOKS.includes(hook));
  if (textAt(raw, [...entry, 'enforceAt']) !== 'edge' || unused.length === 0) return [];
  const message = `before both lanes its ${unused.join(' and ')} ${unused.length === 1 ? 'is' : 'are'} never called`;
  return [warning([...entry, 'enforceAt'], message, 'do it in onRequest, or write enforceAt: candidate')];
}

function strays(raw: unknown, entry: Path): Finding[] {
  return ONLY.filter((key) => valueAt(raw, [...entry, key]) !== undefined).map((key) => {
    return errorAtKey([...entry, key], `only a filter with a module has ${key}`, 'remove it');
  });
}
