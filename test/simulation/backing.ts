import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { mergeWindows } from '../../src/telemetry/merge.ts';
import { MemoryStore } from '../rollout/memory-store.ts';
import { MemoryTelemetry } from './memory-telemetry.ts';
import type { VirtualTime } from './time.ts';
import type { Backing } from './world.ts';

const FOREVER = 1e14;
const RETENTION = { windowsMs: FOREVER, examplesMs: FOREVER, eventsMs: FOREVER, maxBytes: FOREVER };
/** The lease of the product: two names for it would be a bug that no simulation could find. */
const LEASE = 'lead/controller';
const THIEF = 'a thief';

/** Longer than any lease and any step of a clock. */
const AHEAD_MS = 86_400_000;

/** The SQLite store itself, in a file of its own; every process has its own connections. */
export function sqliteBacking(time: VirtualTime): Backing {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-simulation-'));
  const file = join(folder, 'cutover.db');
  const open = (nowMs: () => number) => openSqliteStore({ file, retention: RETENTION, mergeWindows, nowMs });
  return {
    folder,
    connect: () => open(() => time.wallMs),
    async steal(ttlMs) {
      // Where the lease of everybody is over, of those with a fast clock, too.
      const ahead = open(() => time.wallMs + AHEAD_MS);
      await ahead.state.acquire(LEASE, THIEF, Math.max(1, ttlMs - AHEAD_MS + 1));
      await ahead.close();
      const now = open(() => time.wallMs);
      const lease = await now.state.acquire(LEASE, THIEF, ttlMs);
      if (lease === null) throw new Error('the lease could not be stolen');
      await now.close();
      return lease.token.token;
    },
    async release() {
      const now = open(() => time.wallMs);
      await now.state.acquire(LEASE, THIEF, 1);
      await now.close();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A store in memory: a tenth of the time. */
export function memoryBacking(time: VirtualTime): Backing {
  const memory = new MemoryStore();
  const telemetry = new MemoryTelemetry();
  Object.defineProperty(memory, 'nowMs', { get: () => time.wallMs });
  return {
    folder: null,
    connect: () => ({
      state: memory.connect(),
      telemetry,
      lastEventSequence: () => telemetry.lastEventSequence,
      close: async () => undefined,
    }),
    async steal(ttlMs) {
      memory.leases.delete(LEASE);
      const lease = await memory.connect().acquire(LEASE, THIEF, ttlMs);
      return lease?.token.token ?? 0n;
    },
    async release() {
      if (memory.leases.get(LEASE)?.holder === THIEF) memory.leases.delete(LEASE);
    },
    remove: () => undefined,
  };
}
