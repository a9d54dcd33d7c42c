import type { NodeConfig } from '../config/plan.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';
import { mergeWindows } from '../telemetry/merge.ts';

/** Opens the store of a node as it is configured. @throws CutoverError STORE_… */
export function openStore({ store }: NodeConfig): SqliteStore {
  const { file, windowsMs, examplesMs, maxBytes } = store;
  const retention = { windowsMs, examplesMs, eventsMs: windowsMs, maxBytes };
  return openSqliteStore({ file, retention, mergeWindows });
}
