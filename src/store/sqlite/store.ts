import { resolve } from 'node:path';
import { wallMs } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import type { StateStore, TelemetryStore } from '../../rollout/ports.ts';
import { openConnection } from './open.ts';
import type { ConnectionOptions } from './open.ts';
import type { MergeWindows, RollUpOptions } from './roll-up.ts';
import { SqliteStateStore } from './state-store.ts';
import { StoreFile } from './store-file.ts';
import type { Retention } from './sweep.ts';
import { SqliteTelemetryStore } from './telemetry-store.ts';

export interface SqliteStoreOptions {
  readonly file: string;
  readonly retention: Retention;
  /** Nothing is made, migrated or written; commits are refused. */
  readonly readOnly?: boolean;
  /** Adds windows up, so that old ones can be rolled up; without it they stay as they were put. */
  readonly mergeWindows?: MergeWindows;
  /** When and how wide; default `LIMITS.rollUpAfterMs` and `LIMITS.rollUpWidthMs`. */
  readonly rollUp?: Omit<RollUpOptions, 'merge'>;
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly nowMs?: () => number;
  /** Revisions in the change log, default `LIMITS.storeChangeRevisions`. */
  readonly changeRevisions?: number;
  /** Largest size of the database in pages of 4 KiB, instead of that of the disk. */
  readonly maxPages?: number;
}

/** A store in one SQLite file. */
export interface SqliteStore {
  readonly state: StateStore;
  readonly telemetry: TelemetryStore;
  /** The sequence of the newest stored event, 0 when there is none: where a restarted process goes on counting. */
  lastEventSequence(): number;
  /** Closes both; a running sweep ends first. */
  close(): Promise<void>;
}

/**
 * Opens the store in a file, and makes it if there is none. Two connections: one waits for the disk with every
 * commit (state), one does not (telemetry).
 * @throws CutoverError with a code `STORE_…` when the file is damaged, foreign, locked, of a newer schema, not
 * writable, or the disk is full
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const nowMs = options.nowMs ?? wallMs;
  const connection: ConnectionOptions = {
    file: resolve(options.file),
    readOnly: options.readOnly ?? false,
    synchronous: 'FULL',
    nowMs: nowMs(),
    maxPages: options.maxPages,
  };
  const database = openConnection(connection);
  const file = new StoreFile(connection.file, !connection.readOnly);
  const state = new SqliteStateStore(database, {
    readOnly: connection.readOnly,
    file,
    nowMs,
    changeRevisions: options.changeRevisions ?? LIMITS.storeChangeRevisions,
  });
  try {
    return joined(state, openTelemetry(options, connection, file));
  } catch (thrown) {
    void state.close();
    throw thrown;
  }
}

/**
 * Opens a store to look at it while no gateway runs (`history`, `status`).
 * @throws CutoverError as {@link openSqliteStore}; `STORE_MISSING` when there is no file
 */
export function openSqliteReader(file: string): SqliteStore {
  const forever = Number.MAX_SAFE_INTEGER;
  const retention = { windowsMs: forever, examplesMs: forever, eventsMs: forever, maxBytes: forever };
  return openSqliteStore({ file, retention, readOnly: true });
}

function openTelemetry(
  options: SqliteStoreOptions,
  connection: ConnectionOptions,
  file: StoreFile,
): SqliteTelemetryStore {
  const widths = options.rollUp ?? { afterMs: LIMITS.rollUpAfterMs, widthMs: LIMITS.rollUpWidthMs };
  const merge = options.mergeWindows;
  return new SqliteTelemetryStore(openConnection({ ...connection, synchronous: 'NORMAL', verified: true }), {
    file,
    retention: options.retention,
    rollUp: merge === undefined ? null : { ...widths, merge },
    pieceMs: widths.widthMs,
  });
}

function joined(state: SqliteStateStore, telemetry: SqliteTelemetryStore): SqliteStore {
  return {
    state,
    telemetry,
    lastEventSequence: () => telemetry.lastEventSequence(),
    async close() {
      await telemetry.close();
      await state.close();
    },
  };
}
