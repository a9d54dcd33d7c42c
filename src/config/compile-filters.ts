import { LIMITS } from '../core/limits.ts';
import type { FilterConfig } from '../core/snapshot.ts';
import { filterVersion } from '../core/filter-modules.ts';
import { compileBuiltIn } from './compile-built-in.ts';
import { inspectFilter } from './filter-inspection.ts';
import type { Inputs } from './inputs.ts';
import { absolute, readInput } from './inputs.ts';
import { readKeySet } from './jwks.ts';
import type { Config } from './schema.ts';

/** A filter with the content of its files. */
export function compileFilter(name: string, entry: Config['filters'][string], inputs: Inputs): FilterConfig {
  const { jwt, module } = entry;
  if (module !== undefined) return compileModule(name, { ...entry, module }, inputs);
  const builtIn = compileBuiltIn(name, entry);
  if (builtIn !== null) return builtIn;
  if (jwt === undefined) throw new Error(`the filter ${name} has no kind`);
  return {
    kind: 'jwt',
    name,
    enforceAt: entry.enforceAt,
    jwks: keySet(inputs, jwt.jwks.file),
    issuer: jwt.issuer ?? null,
    audience: jwt.audience ?? null,
    algorithms: jwt.algorithms,
    clockToleranceS: Math.round(jwt.clockTolerance / 1000),
  };
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
  const found = (inputs.inspect ?? inspectFilter)(path);
  if (!found.ok) throw new Error('the module of a filter changed while it was read');
  const { files } = found;
  return {
    kind: 'module',
    name,
    enforceAt: entry.enforceAt,
    path,
    version: filterVersion(path, files),
    files,
    failure: entry.failure ?? null,
    budgetMs: entry.budget ?? null,
  };
}

/** Checked once before; read again here, and checked again, because the file may have changed in between. */
function keySet(inputs: Inputs, file: string): string {
  const read = readInput(inputs, file, LIMITS.jwksBytes);
  const set = read.ok ? readKeySet(read.text) : null;
  if (set?.ok === true) return set.text;
  throw new Error('a key set changed while it was read');
}
