import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { FilterOptions } from '../core/filter-api.ts';
import type { FilterSource } from '../core/filter-config.ts';
import type { OptionIssue } from '../core/filter-options.ts';

/** What is looked at: a module of a user, and the options that one entry gives it. */
export interface FilterModule {
  /** Absolute. */
  readonly path: string;
  readonly options: FilterOptions;
}

/** What a module of a user turned out to be, with the files it consists of as far as they were read. */
export type FilterInspection =
  | { readonly ok: true; readonly files: readonly FilterSource[]; readonly hooks: readonly string[] }
  | FilterDefect;

export interface FilterDefect {
  readonly ok: false;
  readonly files: readonly FilterSource[];
  readonly message: string;
  readonly hint: string | null;
  /** Where in the module, if it is known. */
  readonly place: FilterPlace | null;
  /** What its `parse` has against the options; empty where the module itself is at fault. */
  readonly issues: readonly OptionIssue[];
}

/** From 1. */
export interface FilterPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const ANSWER_BYTES = LIMITS.filterSourceBytes * 8;
const INSPECTOR = fileURLToPath(new URL(`./filter-inspector${import.meta.url.slice(-3)}`, import.meta.url));

/** Exit code of Node for a top-level `await` with nothing left to wait for. */
const UNSETTLED = 13;

interface Known {
  readonly found: FilterInspection;
  readonly atMs: number;
}

/** The newest inspection of each module with each of its options. */
const known = new Map<string, Known>();

/**
 * Loads a module as a worker would, in a process of its own: what it does while it loads, and be it an endless loop, is
 * over after `LIMITS.filterLoadMs`. A module whose files are what they were is not loaded again.
 */
export function inspectFilter(module: FilterModule): FilterInspection {
  const key = keyOf(module);
  return remembered(key) ?? keep(key, unreadable(module.path) ?? inspect(module));
}

/** The same without holding up this process: the next {@link inspectFilter} of these modules finds what was found here. */
export async function inspectAhead(modules: Iterable<FilterModule>): Promise<void> {
  for (const module of modules) {
    const key = keyOf(module);
    if (remembered(key) === null && unreadable(module.path) === null) keep(key, await inspectLater(module));
  }
}

function keyOf({ path, options }: FilterModule): string {
  return `${path}\0${JSON.stringify(options)}`;
}

/** A defect is believed for a moment only: what is missing may be written. */
function remembered(key: string): FilterInspection | null {
  const { found, atMs } = known.get(key) ?? {};
  if (found === undefined || atMs === undefined) return null;
  const holds = found.ok || monotonicMs() - atMs < LIMITS.filterDefectMs;
  return holds && found.files.every(isUnchanged) ? found : null;
}

function keep(key: string, found: FilterInspection): FilterInspection {
  if (known.size >= LIMITS.configEntries) known.clear();
  known.set(key, { found, atMs: monotonicMs() });
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

const OPTIONS = {
  timeout: LIMITS.filterLoadMs,
  killSignal: 'SIGKILL',
  // What a module prints while it loads is no answer of ours: that comes on a channel of its own. Options may be secrets
  // and are read from the input, because arguments of processes are seen by everybody on the machine.
  stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
} as const;

/** A process that has ended. */
interface Ended {
  readonly answer: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

function inspect({ path, options }: FilterModule): FilterInspection {
  const { output, status, signal } = spawnSync(process.execPath, [INSPECTOR, path], {
    ...OPTIONS,
    stdio: [...OPTIONS.stdio],
    input: JSON.stringify(options),
    maxBuffer: ANSWER_BYTES,
  });
  // There is no output where the process could not be started.
  const [, , , answer = ''] = (output as (Buffer | null)[] | null) ?? [];
  return conclude({ answer: answer?.toString() ?? '', status, signal });
}

async function inspectLater({ path, options }: FilterModule): Promise<FilterInspection> {
  const child = spawn(process.execPath, [INSPECTOR, path], { ...OPTIONS, stdio: [...OPTIONS.stdio] });
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const channel = child.stdio[3] as Readable;
  // It may have ended before it has read them.
  (child.stdio[0] as Writable).on('error', () => {}).end(JSON.stringify(options));
  let answer = '';
  channel.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
    if (answer.length > ANSWER_BYTES) child.kill('SIGKILL');
  });
  child.on('error', () => resolve({ answer: '', status: null, signal: null }));
  child.on('close', (status, signal) => resolve({ answer, status, signal }));
  return conclude(await promise);
}

function conclude({ answer, status, signal }: Ended): FilterInspection {
  if (signal === 'SIGKILL')
    return defect(
      `it did not load within ${LIMITS.filterLoadMs / 1_000}s`,
      'wait for nothing at its top level',
    );
  if (answer !== '') return bounded(JSON.parse(answer) as FilterInspection);
  if (status === UNSETTLED)
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
  return { ok: false, files: [], message, hint, place: null, issues: [] };
}

function isUnchanged({ path, text }: FilterSource): boolean {
  try {
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
  }
}
