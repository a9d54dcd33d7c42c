import { statSync } from 'node:fs';
import { keyChanges } from '../config/changes.ts';
import type { KeyChanges } from '../config/changes.ts';
import { loadConfig, loadFiltersAhead } from '../config/load.ts';
import type { LoadResult } from '../config/load.ts';
import { LIMITS } from '../core/limits.ts';
import { ConfigThread } from './config-thread-handle.ts';

const thread = new ConfigThread<ReadConfig>();

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
  let plain: (() => unknown) | undefined;
  const seen = (read: () => unknown): void => void (plain = read);
  const loaded = loadConfig(file, { files, plain: seen, ...(text === null ? {} : { text }) });
  const found = loaded.ok && before !== null ? keyChanges(before, loaded.config.text ?? '', plain) : null;
  return { loaded, files: [...files], found };
}

/**
 * The same in a thread where it would take long: ten thousand routes are read for a second or two, in which a supervisor must
 * hear acknowledgements and commands. A small one is read sooner than a thread starts.
 */
export async function readConfig(reading: Reading): Promise<ReadConfig> {
  if (sizeOf(reading) < LIMITS.configThreadBytes) {
    // A filter may take seconds to load: the way back to legacy must not wait for it.
    await loadFiltersAhead(reading.file, reading.text);
    return readNow(reading);
  }
  return (await thread.read(reading)) ?? readNow(reading);
}

function sizeOf({ file, text }: Reading): number {
  return text?.length ?? statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
