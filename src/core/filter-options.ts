import { messageOf } from './errors.ts';
import type { FilterDefinition, FilterOptions } from './filter-api.ts';
import { LIMITS } from './limits.ts';

/** A filter that users wrote, ready for requests: its hooks, and what its `parse` made of the options of one entry. */
export interface LoadedFilter {
  readonly definition: FilterDefinition;
  /** Of the type that the filter gave them. */
  readonly options: FilterOptions;
}

/** What is wrong with the options of a filter, and where in them: no path is all of them. */
export interface OptionIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The options, or what the filter has against them. */
export type OptionsFinding = { readonly ok: true; readonly options: FilterOptions } | OptionsRefused;

export interface OptionsRefused {
  readonly ok: false;
  /** At least one. */
  readonly issues: readonly OptionIssue[];
  readonly thrown: unknown;
}

/** Lets a filter read its options; without a `parse` they are what they are. It never throws for what the filter does. */
export function optionsOf(definition: FilterDefinition, given: FilterOptions): OptionsFinding {
  const options = frozen(JSON.parse(JSON.stringify(given))) as FilterOptions;
  try {
    const read: unknown = definition.parse === undefined ? options : definition.parse(options);
    if (!isThenable(read)) return { ok: true, options: read as FilterOptions };
    Promise.resolve(read).catch(() => {});
    throw new Error('its parse returned a promise, and nobody waits for it');
  } catch (thrown) {
    return { ok: false, issues: issuesOf(thrown), thrown };
  }
}

/** Requests share them. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** Of a schema library (https://standardschema.dev: `issues` of `path` and `message`), or the error as a whole. */
function issuesOf(thrown: unknown): OptionIssue[] {
  const issues = isRecord(thrown) && Array.isArray(thrown['issues']) ? (thrown['issues'] as unknown[]) : [];
  const told = issues.filter(isRecord).slice(0, LIMITS.filterOptionIssues);
  if (told.length === 0) return [{ path: [], message: oneLine(messageOf(thrown)) }];
  return told.map(({ path, message }) => ({ path: pathOf(path), message: oneLine(String(message)) }));
}

function pathOf(path: unknown): (string | number)[] {
  const parts: unknown[] = Array.isArray(path) ? path : [];
  return parts
    .map((part) => (isRecord(part) ? part['key'] : part))
    .filter((part) => typeof part === 'string' || typeof part === 'number');
}

function oneLine(message: string): string {
  return (message.split('\n')[0] ?? '').slice(0, LIMITS.filterOptionChars);
}

function isThenable(value: unknown): boolean {
  return isRecord(value) && typeof value['then'] === 'function';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
