import { expect, test } from 'vitest';
import type { TelemetryStore } from '../../src/rollout/ports.ts';
import type { Window } from '../../src/telemetry/types.ts';
import type { MergeWindows } from '../../src/store/sqlite/roll-up.ts';
import { mergeWindows } from '../../src/telemetry/merge.ts';
import { sampleWindow, totals } from './kit/samples.ts';
import { openForTest, temporaryFile } from './kit/temporary.ts';

const HOUR_MS = 3_600_000;
const SLOT_MS = 300_000;
/** On a slot's edge. */
const START_MS = 5_966_667 * SLOT_MS;
const ROLL_UP = { afterMs: HOUR_MS, widthMs: SLOT_MS };

function openRollingUp(file = temporaryFile(), merge: MergeWindows = mergeWindows): TelemetryStore {
  return openForTest({ file, mergeWindows: merge, rollUp: ROLL_UP }).telemetry;
}

async function all(store: TelemetryStore): Promise<Window[]> {
  const windows: Window[] = [];
  for await (const window of store.readWindows(0, Number.MAX_SAFE_INTEGER)) windows.push(window);
  return windows;
}

async function putSlots(store: TelemetryStore, slots: number, epochs = 1): Promise<Window[]> {
  const windows = Array.from({ length: slots * 30 }, (_, index) =>
    sampleWindow(START_MS + index * 10_000, {
      seed: index,
      epoch: 1 + (Math.floor(index / 20) % epochs),
      routes: 2,
    }),
  );
  for (const window of windows) await store.putWindow(window);
  return windows;
}

test('rolls old windows up into one a slot, and leaves young ones as they are', async () => {
  const store = openRollingUp();
  const windows = await putSlots(store, 4);
  await store.sweep(START_MS + HOUR_MS + 2 * SLOT_MS + 5_000);
  const kept = await all(store);
  expect(kept).toHaveLength(2 + 60);
  expect(kept[0]).toEqual(mergeWindows(windows.slice(0, 30)));
  expect(kept[1]).toMatchObject({ startMs: START_MS + SLOT_MS, widthMs: SLOT_MS });
  expect(kept.slice(2)).toEqual(windows.slice(60));
  expect(totals(kept)).toEqual(totals(windows));
});

test('never adds windows of two epochs up', async () => {
  const store = openRollingUp();
  const windows = await putSlots(store, 2, 2);
  await store.sweep(START_MS + 3 * HOUR_MS);
  const kept = await all(store);
  expect(kept.map((window) => [window.epoch, window.startMs - START_MS])).toEqual([
    [1, 0],
    [2, 200_000],
    [2, 300_000],
    [1, 400_000],
  ]);
  expect(totals(kept)).toEqual(totals(windows));
});

test('counts nothing twice when swept again, twice at once, and by two processes', async () => {
  const file = temporaryFile();
  const store = openRollingUp(file);
  const other = openRollingUp(file);
  const windows = await putSlots(store, 6, 2);
  const nowMs = START_MS + 3 * HOUR_MS;
  await Promise.all([store.sweep(nowMs), other.sweep(nowMs), store.sweep(nowMs)]);
  await store.sweep(nowMs);
  await other.sweep(nowMs + HOUR_MS);
  expect(totals(await all(store))).toEqual(totals(windows));
  expect((await all(store)).length).toBeLessThanOrEqual(12);
});

test('refuses a window of a slot that was rolled up: late, and counts unchanged', async () => {
  const store = openRollingUp();
  const windows = await putSlots(store, 2);
  await store.sweep(START_MS + 3 * HOUR_MS);
  expect(await store.putWindow(windows[7] as Window)).toBe('late');
  expect(await store.putWindow(sampleWindow(START_MS + 75_000, { widthMs: 5_000 }))).toBe('late');
  expect(totals(await all(store))).toEqual(totals(windows));
});

test('refuses a window that comes while its slot is being rolled up', async () => {
  const answers: Promise<string>[] = [];
  const store = openRollingUp(temporaryFile(), (windows) => {
    answers.push(store.putWindow(sampleWindow(START_MS + 5_000, { widthMs: 5_000 })));
    return mergeWindows(windows);
  });
  const windows = await putSlots(store, 1);
  await store.sweep(START_MS + 3 * HOUR_MS);
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['late']));
  expect(totals(await all(store))).toEqual(totals(windows));
});

test('gives a reader each count once, however sweeps run beside it', async () => {
  const store = openRollingUp();
  const windows = await putSlots(store, 8, 2);
  const read: Window[] = [];
  let turns = 0;
  for await (const window of store.readWindows(0, Number.MAX_SAFE_INTEGER)) {
    read.push(window);
    turns += 1;
    if (turns % 10 === 0) await store.sweep(START_MS + HOUR_MS + turns * 20_000);
  }
  expect(totals(read)).toEqual(totals(windows));
});

test('rolls a slot with one window up once, and goes on to the next', async () => {
  let merges = 0;
  const store = openRollingUp(temporaryFile(), (windows) => {
    merges += 1;
    return mergeWindows(windows);
  });
  for (const slot of [0, 1, 2]) await store.putWindow(sampleWindow(START_MS + slot * SLOT_MS));
  for (let sweep = 0; sweep < 3; sweep += 1) await store.sweep(START_MS + 3 * HOUR_MS);
  expect(merges).toBe(3);
  expect(await all(store)).toHaveLength(3);
});

test('catches a long absence up in pieces, an hour of slots a sweep', async () => {
  const store = openRollingUp();
  for (let slot = 0; slot < 30; slot += 1) {
    await store.putWindow(sampleWindow(START_MS + slot * SLOT_MS));
    await store.putWindow(sampleWindow(START_MS + slot * SLOT_MS + 10_000));
  }
  const counts: number[] = [];
  for (let sweep = 0; sweep < 4; sweep += 1) {
    await store.sweep(START_MS + 24 * HOUR_MS);
    counts.push((await all(store)).length);
  }
  expect(counts).toEqual([48, 36, 30, 30]);
});

test('keeps slots open for new windows when a sweep comes at a time far ahead', async () => {
  const store = openForTest({ file: temporaryFile(), mergeWindows }).telemetry;
  const windows = await putSlots(store, 2);
  for (let sweep = 0; sweep < 3; sweep += 1) await store.sweep(START_MS + 10_000 * 24 * HOUR_MS);
  const next = sampleWindow(START_MS + 2 * SLOT_MS - 5_000, { widthMs: 5_000 });
  expect(await store.putWindow(next)).toBe('stored');
  expect(totals(await all(store))).toEqual(totals([...windows, next]));
});

test('leaves the windows as they were when the merge throws', async () => {
  const store = openRollingUp(temporaryFile(), () => {
    throw new RangeError('not an encoded histogram');
  });
  const windows = await putSlots(store, 1);
  await expect(store.sweep(START_MS + 3 * HOUR_MS)).rejects.toThrow(/histogram/);
  expect(await all(store)).toEqual(windows);
});

test('ends a sweep between two merges when it is closed', async () => {
  const file = temporaryFile();
  const first = openForTest({ file, mergeWindows, rollUp: ROLL_UP });
  const windows = await putSlots(first.telemetry, 6);
  const sweep = first.telemetry.sweep(START_MS + 3 * HOUR_MS);
  await first.close();
  await sweep;
  const store = openRollingUp(file);
  expect((await all(store)).length).toBeGreaterThan(6);
  await store.sweep(START_MS + 3 * HOUR_MS);
  expect(await all(store)).toHaveLength(6);
  expect(totals(await all(store))).toEqual(totals(windows));
});
