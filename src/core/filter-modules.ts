import { registerHooks } from 'node:module';
import { dirname, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sha256Hex } from './hash.ts';
import type { FilterSource, ModuleFilterConfig } from './filter-config.ts';

/**
 * Modules of users. They are imported from texts that came with the configuration, not from the disk: every worker,
 * also one that starts later, runs what was checked, and an older version is had back with an older configuration.
 */

/** What follows the path in the address of such a module: each version is a module of its own, and so is all it imports. */
const TAG = '?cutover-filter=';
const API = new URL(`./filter-api${import.meta.url.slice(-3)}`, import.meta.url).href;

/** Formats a module of a filter may have; CommonJS has no versions. */
const FORMATS: readonly string[] = ['module', 'module-typescript', 'json'];

const sources = new Map<string, FilterSource>();
let observer: ((source: FilterSource) => void) | null = null;
let installed = false;

/** Names a set of sources, the same wherever they lie. @param path of the module itself */
export function filterVersion(path: string, files: readonly FilterSource[]): string {
  const folder = dirname(path);
  const placed = files.map((file) => [relative(folder, file.path), file.format, file.text]);
  return sha256Hex(JSON.stringify(placed)).slice(0, 16);
}

/** The module as it was checked. @throws what the module throws while it loads */
export async function importFilter(
  config: Pick<ModuleFilterConfig, 'path' | 'version' | 'files'>,
): Promise<unknown> {
  install();
  const tag = TAG + config.version;
  for (const source of config.files) sources.set(pathToFileURL(source.path).href + tag, source);
  return await import(pathToFileURL(config.path).href + tag);
}

/**
 * The module as it stands on the disk.
 * @param seen gets the text of it and of every file that it imports, but for those of packages
 * @throws what the module throws while it loads
 */
export async function importFromDisk(path: string, seen: (source: FilterSource) => void): Promise<unknown> {
  install();
  observer = seen;
  return await import(`${pathToFileURL(path).href}${TAG}disk`);
}

function install(): void {
  if (installed) return;
  installed = true;
  registerHooks({
    resolve(specifier, context, next) {
      const tag = tagOf(context.parentURL ?? '');
      // The gateway that runs, whichever packages lie beside the filter.
      if (specifier === 'cutover' && tag !== '') return { url: API, format: null, shortCircuit: true };
      const resolved = next(specifier, context);
      return tag === '' || !isOwn(resolved.url) ? resolved : { ...resolved, url: resolved.url + tag };
    },
    load(url, context, next) {
      const known = sources.get(url);
      if (known !== undefined) return { format: known.format, source: known.text, shortCircuit: true };
      if (tagOf(url) === '') return next(url, context);
      const loaded = next(url, isTypeScript(url) ? { ...context, format: 'module-typescript' } : context);
      if (observer === null) return loaded;
      observer(sourceOf(url, loaded.format ?? '', loaded.source));
      return loaded;
    },
  });
}

function tagOf(url: string): string {
  const at = url.lastIndexOf(TAG);
  return at === -1 ? '' : url.slice(at);
}

/** Always a module here, whatever package it lies in. */
function isTypeScript(url: string): boolean {
  return /\.m?ts\?/.test(url);
}

/** A file of the user's, and not one of a package. */
function isOwn(url: string): boolean {
  return url.startsWith('file:') && url !== API && !url.includes('/node_modules/') && tagOf(url) === '';
}

function sourceOf(url: string, format: string, source: unknown): FilterSource {
  const path = fileURLToPath(url.slice(0, url.lastIndexOf(TAG)));
  if (!FORMATS.includes(format)) throw new Error(`${path} is no ES module: name it .ts, .mts or .mjs`);
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array);
  return { path, format: format as FilterSource['format'], text };
}
