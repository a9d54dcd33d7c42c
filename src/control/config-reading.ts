import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { keyChanges } from '../config/changes.ts';
import type { KeyChanges } from '../config/changes.ts';
import { loadConfig, loadFiltersAhead } from '../config/load.ts';
import type { LoadResult } from '../config/load.ts';
import { LIMITS } from '../core/limits.ts';

/** Works from source and from the build alike: the thread has the extension this file has. */
const THREAD_URL = new URL(`./config-thread${import.meta.url.slice(-3)}`, import.meta.url);

/** What is to be read. */
export interface Reading {
  readonly file: string;
  /** Instead of what stands in the file; null: what stands there. */
  readonly text: string | null;
  /** The text in force, to tell what changed; null: nobody knows. */
  readonly before: string | null;
}

export interface ReadConfig {
  readonly loaded: LoadResult;
  /** Every file that was read beside it. */
  readonly files: readonly string[];
  /** Null for one with mistakes, and where the one before is not known. */
  readonly found: KeyChanges | null;
}

/** Reads, checks and compiles a configuration, and compares it with the one in force. */
export function readNow({ file, text, before }: Reading): ReadConfig {
  const files = new Set<string>();
  const loaded = loadConfig(file, { files, ...(text === null ? {} : { text }) });
  const found = loaded.ok && before !== null ? keyChanges(before, loaded.config.text ?? '') : null;
  return { loaded, files: [...files], found };
}

/**
 * The same in a thread where it would take long: ten thousand routes are read for seconds, in which a supervisor must hear
 * acknowledgements and commands. A small one is read sooner than a thread starts.
 */
export async function readConfig(reading: Reading): Promise<ReadConfig> {
  if (sizeOf(reading) < LIMITS.configThreadBytes) {
    // A filter may take seconds to load: the way back to legacy must not wait for it.
    await loadFiltersAhead(reading.file, reading.text);
    return readNow(reading);
  }
  return (await inThread(reading)) ?? readNow(reading);
}

function sizeOf({ file, text }: Reading): number {
  return text?.length ?? statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Null when the thread failed: then its work is done here. */
async function inThread(reading: Reading): Promise<ReadConfig | null> {
  const thread = new Worker(THREAD_URL, { name: 'cutover-config', workerData: reading });
  return await new Promise<ReadConfig | null>((resolve) => {
    thread.once('message', resolve);
    thread.once('messageerror', () => resolve(null));
    thread.once('error', () => resolve(null));
    thread.once('exit', () => resolve(null));
  });
}
