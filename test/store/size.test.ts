import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { mergeWindows } from '../../src/telemetry/merge.ts';
import { sampleWindow } from './kit/samples.ts';
import { KEEP_ALL, openForTest, temporaryFile } from './kit/temporary.ts';

const MIB = 1024 ** 2;
const SLOT_MS = 300_000;
const START_MS = 5_966_667 * SLOT_MS;
/** 300 million requests a day in 10 s, over 12 routes and 2 regions. */
const REQUESTS_PER_CELL = 1_447;
const WINDOWS_PER_DAY = 8_640;
const SLOTS_PER_DAY = 288;

const fullWindow = (index: number) =>
  sampleWindow(START_MS + index * 10_000, { seed: index, routes: 12, requests: REQUESTS_PER_CELL });

/**
 * A fortieth of a day as it was put, and what it becomes when rolled up: the two sizes that seven days are made
 * of. `node bench/store-size.ts` stores all 60,480 windows.
 */
test(
  'keeps 7 days of 300 million requests a day well below 2 GB: a day as put, six days rolled up',
  { timeout: 120_000 },
  async () => {
    const count = WINDOWS_PER_DAY / 40;
    const asPut = openForTest({ file: temporaryFile() });
    const rolledUp = openForTest({
      file: temporaryFile(),
      mergeWindows,
      rollUp: { afterMs: 0, widthMs: SLOT_MS },
    });
    for (let index = 0; index < count; index += 1) {
      const window = fullWindow(index);
      await asPut.telemetry.putWindow(window);
      await rolledUp.telemetry.putWindow(window);
    }
    const nowMs = START_MS + count * 10_000 + SLOT_MS;
    const windowBytes = (await asPut.telemetry.sweep(nowMs)).bytes / count;
    await rolledUp.telemetry.sweep(nowMs);
    await rolledUp.telemetry.sweep(nowMs);
    const slotBytes = (await rolledUp.telemetry.sweep(nowMs)).bytes / Math.ceil(count / 30);
    const oneDayAsPut = (WINDOWS_PER_DAY + SLOTS_PER_DAY) * windowBytes + 6 * SLOTS_PER_DAY * slotBytes;
    expect(windowBytes).toBeGreaterThan(5_000);
    expect(slotBytes).toBeLessThan(10 * windowBytes);
    expect(oneDayAsPut).toBeLessThan(1_000_000_000);
  },
);

test('spends a few milliseconds on a window, not more', { timeout: 60_000 }, async () => {
  const { telemetry } = openForTest({ file: temporaryFile() });
  const windows = Array.from({ length: 200 }, (_, index) => fullWindow(index));
  const began = process.cpuUsage();
  for (const window of windows) await telemetry.putWindow(window);
  const { user, system } = process.cpuUsage(began);
  // Time of the processor, typically about 1 ms each: others that are busy do not count.
  expect((user + system) / 1_000 / windows.length).toBeLessThan(10);
});

test('never lets the database grow past its size, also between two sweeps', { timeout: 60_000 }, async () => {
  const file = temporaryFile();
  const maxBytes = 4 * MIB;
  const store = openSqliteStore({ file, retention: { ...KEEP_ALL, maxBytes } });
  try {
    for (let index = 0; index < 600; index += 1) {
      expect(await store.telemetry.putWindow(fullWindow(index))).toBe('stored');
      expect(statSync(file).size).toBeLessThanOrEqual(maxBytes);
    }
  } finally {
    await store.close();
  }
  expect(statSync(file).size).toBeGreaterThan(maxBytes * 0.75);
});

test('gives space back to the file system when windows go', { timeout: 60_000 }, async () => {
  const file = temporaryFile();
  const { telemetry } = openForTest({ file, retention: { ...KEEP_ALL, windowsMs: 600_000 } });
  for (let index = 0; index < 300; index += 1) await telemetry.putWindow(fullWindow(index));
  const before = (await telemetry.sweep(START_MS)).bytes;
  const { windows, bytes } = await telemetry.sweep(START_MS + 3_000_000);
  expect(windows).toBe(240);
  expect(bytes).toBeLessThan(before / 3);
  expect(statSync(file).size).toBe(bytes);
});

test('never touches phases and history for the sake of space', { timeout: 60_000 }, async () => {
  const maxBytes = MIB;
  const { state, telemetry } = openForTest({ file: temporaryFile(), retention: { ...KEEP_ALL, maxBytes } });
  const value = new Uint8Array(10_000).fill(1);
  for (let index = 0; index < 60; index += 1) {
    await state.commit(
      [],
      [
        { put: `hist/${index}`, value },
        { put: `ctl/${index}`, value },
      ],
      `c${index}`,
    );
  }
  const event = { type: 'store', ok: true, message: 'x'.repeat(500) } as const;
  for (let sequence = 1; sequence <= 300; sequence += 1)
    await telemetry.appendEvent({ sequence, atMs: START_MS, event });
  for (let index = 0; index < 20; index += 1) await telemetry.putWindow(fullWindow(index));
  const result = await telemetry.sweep(START_MS);
  expect((await state.list('hist/')).entries).toHaveLength(60);
  expect((await state.list('ctl/')).entries).toHaveLength(60);
  expect(await telemetry.readEvents(0, 1_000)).toHaveLength(1);
  expect(result.events).toBe(299);
  expect(result.bytes).toBeGreaterThan(maxBytes);
});
