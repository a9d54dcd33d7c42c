import type { FilterOptions } from '../../core/filter-api.ts';
import type { OptionIssue } from '../../core/filter-options.ts';
import { LIMITS } from '../../core/limits.ts';
import { filterPlace, inspectFilter } from '../filter-inspection.ts';
import type { Inputs } from '../inputs.ts';
import { absolute } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, pathText, warning } from '../problem.ts';
import { entriesAt, textAt, valueAt } from '../view.ts';

/** Keys that only a filter of a user can have. */
const ONLY = ['failure', 'budget', 'options'];

const OPTIONS_HINT = 'write the keys indented below it, or as { key: value }';

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
  const options = optionsAt(raw, entry);
  if (options.problem !== null) return [options.problem];
  const found = (inputs.inspect ?? inspectFilter)({ path: absolute(inputs, file), options: options.given });
  inputs.files?.add(absolute(inputs, file));
  for (const source of found.files) inputs.files?.add(source.path);
  if (found.ok) return checkPlace(raw, entry, found.hooks);
  const where = filterPlace(found, inputs.folder);
  if (found.issues.length > 0) return found.issues.map((issue) => refusedOption(raw, entry, issue, where));
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

/** The options of an entry as plain data, or what stands in their way. */
function optionsAt(
  raw: unknown,
  entry: Path,
): { readonly given: FilterOptions; readonly problem: Finding | null } {
  const path = [...entry, 'options'];
  const value = valueAt(raw, path) ?? {};
  const isMap = typeof value === 'object' && !Array.isArray(value);
  if (!isMap) return { given: {}, problem: errorAtKey(path, 'expected a map of options', OPTIONS_HINT) };
  const given = value as FilterOptions;
  const odd = oddNumber(given, path);
  if (odd !== null) return { given, problem: error(odd, 'this is no number that an option can be') };
  if (Buffer.byteLength(JSON.stringify(given)) <= LIMITS.filterOptionsBytes) return { given, problem: null };
  const message = `the options are larger than ${LIMITS.filterOptionsBytes / 1024} KiB`;
  return { given, problem: errorAtKey(path, message, 'let the module read what is large from a file') };
}

/** Where `.inf` or `.nan` stands, which JSON has not: workers would get null. */
function oddNumber(value: unknown, path: Path): Path | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const found = oddNumber(part, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== null) return found;
  }
  return null;
}

/** At the option itself; at the entry where it has no options at all. */
function refusedOption(raw: unknown, entry: Path, issue: OptionIssue, where: string): Finding {
  const path = [...entry, 'options', ...issue.path];
  const isThere = valueAt(raw, path) !== undefined;
  const missing = isThere || issue.path.length === 0 ? '' : `${pathText(issue.path)}: `;
  const message = `the filter refuses its options: ${missing}${issue.message}${where}`;
  return isThere ? error(path, message) : errorAtKey(path, message);
}
