import type { FilterConfig } from '../core/filter-config.ts';
import { filterVersion } from '../core/filter-modules.ts';
import { compileBuiltIn } from './compile-built-in.ts';
import { compileToken, placesOf } from './compile-token.ts';
import { inspectFilter } from './filter-inspection.ts';
import type { Inputs } from './inputs.ts';
import { absolute } from './inputs.ts';
import type { Path } from './problem.ts';
import { holdsSecret } from './redact.ts';
import type { Config } from './schema.ts';

/** A filter with the content of its files. */
export function compileFilter(name: string, entry: Config['filters'][string], inputs: Inputs): FilterConfig {
  const { jwt, module, enforceAt } = entry;
  if (module !== undefined) return compileModule(name, { ...entry, module }, inputs);
  const builtIn = compileBuiltIn(name, entry);
  if (builtIn !== null) return builtIn;
  if (jwt === undefined) throw new Error(`the filter ${name} has no kind`);
  return compileToken(name, { jwt, enforceAt }, inputs);
}

/** What of a filter shapes evidence: not where its files lie. */
export function shapingOfFilter(config: FilterConfig): object {
  if (config.kind !== 'module') return config;
  const { path: _, files: __, ...shaping } = config;
  return shaping;
}

/** Loaded once before, by the check of it: only a file that changed in between is loaded again. */
function compileModule(
  name: string,
  entry: Config['filters'][string] & { module: string },
  inputs: Inputs,
): FilterConfig {
  const path = absolute(inputs, entry.module);
  const { options = {} } = entry;
  const found = (inputs.inspect ?? inspectFilter)({ path, options });
  if (!found.ok) throw new Error('the module of a filter changed while it was read');
  const { files } = found;
  return {
    kind: 'module',
    name,
    enforceAt: entry.enforceAt,
    path,
    version: filterVersion(path, files),
    files,
    options,
    failure: entry.failure ?? null,
    budgetMs: entry.budget ?? null,
  };
}

/**
 * Where keys stand, revoked tokens, tokens of copies, and options that look like secrets: none of them is shown, and to
 * renew them is no new configuration of what is compared.
 */
export function filterPlaces(filters: readonly FilterConfig[]): Path[] {
  return filters.flatMap((filter, index) => {
    const place = ['gateway', 'candidate', 'filters', index];
    if (filter.kind === 'jwt') return placesOf(filter, place);
    if (filter.kind === 'module') return secretOptions(filter.options, [...place, 'options'], '');
    return [];
  });
}

/** @param key the nearest one above the value: items of a list have none of their own */
function secretOptions(value: unknown, place: Path, key: string): Path[] {
  if (typeof value === 'string') return holdsSecret(`${key}: ${JSON.stringify(value)}`) ? [place] : [];
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([name, part]) =>
    secretOptions(part, [...place, isList ? Number(name) : name], isList ? key : name),
  );
}
