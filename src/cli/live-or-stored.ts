import type { CompiledConfig } from '../config/compile.ts';
import type { AdminClient } from '../control/admin-client.ts';
import { CutoverError } from '../core/errors.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';
import { usableConfig } from './configuration.ts';
import { EXIT } from './exit-codes.ts';
import { withGateway } from './gateway.ts';
import type { Io } from './io.ts';
import { readStore } from './offline.ts';
import type { Options } from './options.ts';

/** The same reading from two places. */
export interface Reading<T> {
  readonly live: (client: AdminClient) => Promise<T>;
  readonly stored: (store: SqliteStore, config: CompiledConfig) => Promise<T>;
}

/**
 * Asks the gateway, and reads the store's file when no gateway answers; stderr says so.
 * @throws CutoverError of the gateway, or of the store when both fail
 */
export async function liveOrStored<T>(io: Io, options: Options, reading: Reading<T>): Promise<T> {
  try {
    return await withGateway(io, options, ({ ask }) => ask(reading.live));
  } catch (error) {
    if (!(error instanceof CutoverError) || error.exitCode !== EXIT.unreachable) throw error;
  }
  const config = usableConfig(options.config);
  const found = await readStore(config, (store) => reading.stored(store, config));
  if (options.json !== true)
    io.err.write(`the gateway does not answer: read from ${config.node.store.file}\n`);
  return found;
}
