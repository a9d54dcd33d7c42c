import { randomHex } from '../../../src/core/random.ts';
import { chain, encodeHistory, historyKey } from '../../../src/rollout/history.ts';
import type { HistoryEntry } from '../../../src/rollout/state.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import type { SqliteStore } from '../../../src/store/sqlite/store.ts';
import { sampleWindow } from './samples.ts';

/**
 * A process that writes to a store until it is killed or done: `child.ts WHAT FILE [COUNT]`.
 * It prints a line for each acknowledged commit, after the acknowledgement and before the next commit.
 */

const [, , what, file = '', count = '0'] = process.argv;
/** Made before the first commit, so that the parent's kill falls into writing. */
const WINDOW = sampleWindow(0, { routes: 12, requests: 20 });
const MAX_BYTES = 4 * 1024 * 1024;
const retention = { windowsMs: 1e14, examplesMs: 1e14, eventsMs: 1e14, maxBytes: MAX_BYTES };

function newest(value: Uint8Array | undefined): HistoryEntry | null {
  return value === undefined ? null : (JSON.parse(new TextDecoder().decode(value)) as HistoryEntry);
}

function nextEntry(previous: HistoryEntry | null): HistoryEntry {
  const sequence = (previous?.sequence ?? 0) + 1;
  const to = { phase: 'regional', step: sequence % 5 } as const;
  const from = previous?.to ?? null;
  const entry = {
    sequence,
    atMs: sequence,
    who: 'test',
    verb: 'advance',
    from,
    to,
    region: null,
    reason: 'x'.repeat(sequence % 300),
  } as const;
  return chain(previous, { ...entry, forced: false, epoch: 1, evidenceHash: null });
}

/** Phase changes with their history, windows in between so that the log is moved into the file now and then. */
async function commitPhases(store: SqliteStore): Promise<void> {
  for (;;) {
    const { entries } = await store.state.list('hist/');
    let previous = newest(entries.at(-1)?.value);
    let state = await store.state.get('ctl/rollout');
    for (let round = 0; round < 1_000; round += 1) {
      const entry = nextEntry(previous);
      const value = new TextEncoder().encode(JSON.stringify({ sequence: entry.sequence, ...entry.to }));
      const commit = await store.state.commit(
        [
          { key: 'ctl/rollout', rev: state?.rev ?? 0n },
          { key: historyKey(entry.sequence), rev: 0n },
        ],
        [
          { put: 'ctl/rollout', value },
          { put: historyKey(entry.sequence), value: encodeHistory(entry) },
        ],
        `phase-${entry.sequence}`,
      );
      if (!commit.ok) throw new Error(`nobody else writes, and ${entry.sequence} was refused`);
      process.stdout.write(`${entry.sequence}\n`);
      previous = entry;
      state = await store.state.get('ctl/rollout');
      await store.telemetry.putWindow({ ...WINDOW, id: entry.sequence, startMs: entry.sequence * 10_000 });
    }
  }
}

async function increment(store: SqliteStore, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const entry = await store.state.get('counter');
    const value = new TextEncoder().encode(String(Number(new TextDecoder().decode(entry?.value)) + 1));
    const guard = { key: 'counter', rev: entry?.rev ?? 0n };
    const commit = await store.state.commit([guard], [{ put: 'counter', value }], randomHex(8));
    if (commit.ok) {
      done += 1;
      process.stdout.write(`${commit.rev}\n`);
    }
  }
}

async function putMany(store: SqliteStore, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const op =
      index % 4 === 3
        ? { del: `ctl/${(index - 1) % 9}` }
        : { put: `ctl/${index % 9}`, value: Uint8Array.of(index % 256) };
    const commit = await store.state.commit([], [op], randomHex(8));
    if (commit.ok) process.stdout.write(`${commit.rev}\n`);
  }
}

const store = openSqliteStore({ file, retention });
process.stdout.write('ready\n');
if (what === 'phases') await commitPhases(store);
if (what === 'increment') await increment(store, Number(count));
if (what === 'put') await putMany(store, Number(count));
await store.close();
