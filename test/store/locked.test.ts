import Database from 'better-sqlite3';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
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

test(
  'gives up what is late without stopping the event loop for each of many',
  { timeout: 60_000 },
  async () => {
    const file = temporaryFile();
    const { state } = openForTest({ file });
    const other = writerOf(file);
    let longestMs = 0;
    let lastMs = monotonicMs();
    const clock = setInterval(() => {
      const nowMs = monotonicMs();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
    }, 5);
    const line = Array.from({ length: 300 }, (_, id) =>
      state.commit([], [{ put: 'a', value }], `line-${id}`),
    );
    const ended = await Promise.allSettled(line);
    clearInterval(clock);
    other.letGo();
    expect(ended.map(({ status }) => status)).toEqual(line.map(() => 'rejected'));
    // Three hundred tries of 10 ms each would be three seconds.
    expect(longestMs).toBeLessThan(1_500);
  },
);
