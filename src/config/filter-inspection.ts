import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../core/limits.ts';
import type { FilterSource } from '../core/filter-config.ts';

/** What a module of a user turned out to be, with the files it consists of as far as they were read. */
export type FilterInspection = { readonly ok: true; readonly files: readonly FilterSource[] } | FilterDefect;

export interface FilterDefect {
  readonly ok: false;
  readonly files: readonly FilterSource[];
  readonly message: string;
  readonly hint: string | null;
  /** Where in the module, if it is known. */
  readonly place: FilterPlace | null;
}

/** From 1. */
export interface FilterPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const INSPECTOR = fileURLToPath(new URL(`./filter-inspector${import.meta.url.slice(-3)}`, import.meta.url));

/** Exit code of Node for a top-level `await` with nothing left to wait for. */
const UNSETTLED = 13;

/** The newest inspection of each module, as long as its files stay what they were. */
const known = new Map<string, FilterInspection>();

/**
 * Loads a module as a worker would, in a process of its own: what it does while it loads, and be it an endless loop, is
 * over after `LIMITS.filterLoadMs`.
 * @param path absolute
 */
export function inspectFilter(path: string): FilterInspection {
  const before = known.get(path);
  if (before?.ok === true && before.files.every(isUnchanged)) return before;
  const found = unreadable(path) ?? inspect(path);
  if (known.size >= LIMITS.configEntries) known.clear();
  known.set(path, found);
  return found;
}

/** ` (filters/geo.ts:12:5)`, or '' where it is not known. */
export function filterPlace({ place }: FilterDefect, folder: string): string {
  if (place === null) return '';
  return ` (${relative(folder, place.file)}:${place.line}:${place.column})`;
}

function unreadable(path: string): FilterDefect | null {
  const missing = statSync(path, { throwIfNoEntry: false })?.isFile() !== true;
  return missing ? defect('there is no such file', null) : null;
}

function inspect(path: string): FilterInspection {
  const child = spawnSync(process.execPath, [...process.execArgv.filter(isForModules), INSPECTOR, path], {
    timeout: LIMITS.filterLoadMs,
    killSignal: 'SIGKILL',
    maxBuffer: LIMITS.filterSourceBytes * 8,
    // What a module prints while it loads is no answer of ours: that comes on a channel of its own.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const answer = child.output?.[3]?.toString() ?? '';
  if (answer !== '') return bounded(JSON.parse(answer) as FilterInspection);
  const isLate = child.signal === 'SIGKILL';
  if (isLate)
    return defect(
      `it did not load within ${LIMITS.filterLoadMs / 1_000}s`,
      'wait for nothing at its top level',
    );
  if (child.status === UNSETTLED)
    return defect('it waits at its top level for what never comes', 'do what takes time in onRequest');
  return defect('its process ended while it was loaded', 'a module of a filter must not end the process');
}

function bounded(found: FilterInspection): FilterInspection {
  const bytes = found.files.reduce((sum, { text }) => sum + text.length, 0);
  if (found.files.length <= LIMITS.filterFiles && bytes <= LIMITS.filterSourceBytes) return found;
  const limit = `${LIMITS.filterFiles} files and ${LIMITS.filterSourceBytes / 1024} KiB`;
  return { ...defect(`it has more than ${limit}`, 'put what is large into a package'), files: found.files };
}

function defect(message: string, hint: string | null): FilterDefect {
  return { ok: false, files: [], message, hint, place: null };
}

function isUnchanged({ path, text }: FilterSource): boolean {
  try {
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
  }
}

function isForModules(flag: string): boolean {
  return /^--(no-warnings|disable-warning|conditions|import)/.test(flag);
}
