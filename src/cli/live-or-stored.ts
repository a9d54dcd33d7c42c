import { existsSync } from 'node:fs';
import type { CompiledConfig } from '../config/compile.ts';
import { loadConfig } from '../config/load.ts';
import type { AdminClient } from '../control/admin-client.ts';
import { CutoverError } from '../core/errors.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';
import { EXIT } from './exit-codes.ts';
import { withCommands } from './gateway.ts';
import type { Io } from './io.ts';
import { readStore } from './offline.ts';
import type { Options } from './options.ts';
import { isRemote } from './remote.ts';
import { shellWord } from './shell-word.ts';

/** The same reading from two places. */
export interface Reading<T> {
  readonly live: (client: AdminClient) => Promise<T>;
  readonly stored: (store: SqliteStore, config: CompiledConfig) => Promise<T>;
}

/**
 * Asks the gateway, and reads the store's file when no gateway answers; stderr says so.
 * @throws CutoverError of the gateway, also when there is no store either; of the store when it cannot be read
 */
export async function liveOrStored<T>(io: Io, options: Options, reading: Reading<T>): Promise<T> {
  try {
    return await withCommands(io, options, ({ ask }) => ask(reading.live));
  } catch (error) {
    const isUnreachable = error instanceof CutoverError && error.exitCode === EXIT.unreachable;
    if (!isUnreachable || isRemote(options)) throw error;
    return await fromStore(io, options, reading, error);
  }
}

async function fromStore<T>(
  io: Io,
  options: Options,
  reading: Reading<T>,
  unreachable: CutoverError,
): Promise<T> {
  const loaded = loadConfig(options.config);
  // Where the store is stands in the file: without it there is only what the gateway would say.
  if (!loaded.ok) throw unreachable;
  const { file } = loaded.config.node.store;
  if (!existsSync(file)) {
    throw new CutoverError(unreachable.code, `${unreachable.message}; and there is no store at ${file}`, {
      hint: `start the gateway: cutover run -c ${shellWord(options.config)}`,
      exitCode: EXIT.unreachable,
      cause: unreachable,
    });
  }
  const found = await readStore(loaded.config, (store) => reading.stored(store, loaded.config));
  if (options.json !== true) io.err.write(`the gateway does not answer: read from ${file}\n`);
  return found;
}
