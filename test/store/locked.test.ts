import Database from 'better-sqlite3';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { StampedEvent } from '../../src/core/events.ts';
import { openForTest, temporaryFile } from './kit/temporary.ts';

const HELD_MS = 300;
const value = new Uint8Array(1);
const event: StampedEvent['event'] = { type: 'store', ok: false, message: 'locked' };

/** Another program that writes to the file, on this thread: whoever blocks the event loop waits for it in vain. */
function writerOf(file: string): { letGo: () => void } {
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  return {
    letGo: () => {
      other.exec('ROLLBACK');
      other.close();
    },
  };
}

test('waits for another writer without stopping the event loop', async () => {
  const file = temporaryFile();
  const { state, telemetry } = openForTest({ file });
  const lease = await state.acquire('leader', 'one', 60_000);
  const other = writerOf(file);
  const writes = Promise.all([
    state.commit([], [{ put: 'a', value }], 'held'),
    lease?.renew(),
    telemetry.appendEvent({ sequence: 1, atMs: 1, event }),
  ]);
  await wait(HELD_MS);
  other.letGo();
  const [commit] = await writes;
  expect(commit.ok).toBe(true);
  expect((await telemetry.readEvents(0, 10)).map(({ sequence }) => sequence)).toEqual([1]);
});

test('keeps the order of writes that had to wait', async () => {
  const file = temporaryFile();
  const { state } = openForTest({ file });
  const other = writerOf(file);
  const early = [1, 2, 3].map((id) => state.commit([], [{ put: 'a', value }], `early-${id}`));
  await wait(HELD_MS);
  const late = state.commit([], [{ put: 'a', value }], 'late');
  other.letGo();
  const revisions = (await Promise.all([...early, late])).map((commit) => commit.ok && commit.rev);
  const first = (revisions[0] || 0n) - 1n;
  expect(revisions).toEqual([1n, 2n, 3n, 4n].map((step) => first + step));
});
