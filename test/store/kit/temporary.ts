import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import type { SqliteStore, SqliteStoreOptions } from '../../../src/store/sqlite/store.ts';

/** So long and so much that nothing is ever swept. */
export const KEEP_ALL = {
  windowsMs: 1e14,
  examplesMs: 1e14,
  eventsMs: 1e14,
  maxBytes: 1e14,
} as const;

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A file name in a directory that is gone after the test. */
export function temporaryFile(): string {
  return join(temporaryDirectory(), 'cutover.db');
}

/** Opens a store that is closed after the test. */
export function openForTest(options: Partial<SqliteStoreOptions> & { file: string }): SqliteStore {
  const store = openSqliteStore({ retention: KEEP_ALL, ...options });
  onTestFinished(() => store.close());
  return store;
}
