import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { SqliteStore, SqliteStoreOptions } from '../../src/store/sqlite/store.ts';
import { stateStoreContract } from './contract/state-store.ts';
import { CONTRACT_RETENTION, telemetryStoreContract } from './contract/telemetry-store.ts';

const CHANGES_KEPT = 100;

/** One file, several clients, one clock. */
function sharedFile(): {
  open: (options?: Partial<SqliteStoreOptions>) => SqliteStore;
  close: () => Promise<void>;
} {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-store-'));
  const stores: SqliteStore[] = [];
  return {
    open(options = {}) {
      const file = join(directory, 'cutover.db');
      const store = openSqliteStore({ file, retention: CONTRACT_RETENTION, ...options });
      stores.push(store);
      return store;
    },
    async close() {
      for (const store of stores) await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

stateStoreContract('SQLite', async () => {
  const shared = sharedFile();
  let nowMs = 1_790_000_000_000;
  const options = { nowMs: () => nowMs, changeRevisions: CHANGES_KEPT };
  const { state } = shared.open(options);
  return {
    store: state,
    another: async () => shared.open(options).state,
    passTime: async (ms) => void (nowMs += ms),
    async forgetChanges() {
      const filler = shared.open(options).state;
      for (let index = 0; index <= CHANGES_KEPT; index += 1) {
        await filler.commit([], [{ put: 'filler', value: new Uint8Array(1) }], `filler-${index}`);
      }
    },
    close: () => shared.close(),
  };
});

telemetryStoreContract('SQLite', async () => {
  const shared = sharedFile();
  return {
    store: shared.open().telemetry,
    another: async () => shared.open().telemetry,
    close: () => shared.close(),
  };
});
