import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CutoverError, systemCode } from '../../src/core/errors.ts';
import type { StateStore, TelemetryStore } from '../../src/rollout/ports.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Window } from '../../src/telemetry/types.ts';
import { MOUNTS, mountSmall } from '../kit/mount.ts';
import { sampleWindow } from './kit/samples.ts';
import { KEEP_ALL, openForTest, temporaryDirectory, temporaryFile } from './kit/temporary.ts';

const VALUE = new Uint8Array(20_000).fill(7);

/** Commits pairs of keys until one is refused; gives the number of acknowledged commits and the refusal. */
async function fill(state: StateStore, from: number): Promise<{ done: number; refusal: unknown }> {
  for (let index = from; index < from + 10_000; index += 1) {
    try {
      await state.commit(
        [],
        [
          { put: `ctl/${index}`, value: VALUE },
          { put: `hist/${index}`, value: VALUE },
        ],
        `commit-${index}`,
      );
    } catch (refusal) {
      return { done: index, refusal };
    }
  }
  throw new Error('the disk never became full');
}

async function expectWhole(state: StateStore, commits: number): Promise<void> {
  for (const prefix of ['ctl/', 'hist/']) {
    const { entries } = await state.list(prefix);
    expect(entries.map((entry) => entry.key).sort()).toEqual(
      Array.from({ length: commits }, (_, index) => `${prefix}${index}`).sort(),
    );
  }
}

function expectFull(refusal: unknown): void {
  expect(refusal).toBeInstanceOf(CutoverError);
  expect(refusal).toMatchObject({ code: 'STORE_FULL', exitCode: 1 });
  expect((refusal as CutoverError).message).toContain('the disk is full');
  expect((refusal as CutoverError).hint).toContain('df -h');
}

test('refuses a commit when the database may not grow, writes nothing of it, and recovers', async () => {
  const file = temporaryFile();
  const small = openSqliteStore({ file, retention: KEEP_ALL, maxPages: 200 });
  const { done, refusal } = await fill(small.state, 0);
  expectFull(refusal);
  expect(done).toBeGreaterThan(3);
  await expectWhole(small.state, done);
  const again = await fill(small.state, done);
  expect(again.done).toBe(done);
  await expectWhole(small.state, done);
  await small.close();

  const { state } = openForTest({ file, maxPages: 400 });
  const more = await fill(state, done);
  expect(more.done).toBeGreaterThan(done);
  expectFull(more.refusal);
  await expectWhole(state, more.done);
});

/** A file system of its own. */
function smallFileSystem(): string {
  const directory = temporaryDirectory();
  mountSmall(directory, '1m');
  return directory;
}

/** Puts windows until one is refused. */
async function fillWindows(telemetry: TelemetryStore): Promise<{ stored: Window[]; refusal: unknown }> {
  const stored: Window[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    const window = sampleWindow(1_790_000_100_000 + index * 10_000, { seed: index, routes: 12 });
    try {
      await telemetry.putWindow(window);
      stored.push(window);
    } catch (refusal) {
      return { stored, refusal };
    }
  }
  throw new Error('the disk never became full');
}

/** Fills what is left of the file system. */
function occupy(file: string): void {
  for (let bytes = 1024 * 1024; bytes >= 512; bytes /= 2) {
    try {
      for (;;) writeFileSync(file, new Uint8Array(bytes), { flag: 'a', flush: true });
    } catch (thrown) {
      expect(systemCode(thrown)).toBe('ENOSPC');
    }
  }
}

test.skipIf(!MOUNTS)(
  'survives a full file system: a clear error, nothing half-written, and on it goes when there is space',
  async () => {
    const directory = smallFileSystem();
    const file = join(directory, 'cutover.db');
    const store = openSqliteStore({ file, retention: KEEP_ALL });
    onTestFinished(() => store.close());
    const ballast = join(directory, 'ballast');
    const first = await fill(store.state, 0);
    expectFull(first.refusal);
    occupy(ballast);
    const second = await fill(store.state, first.done);
    expectFull(second.refusal);
    await expectWhole(store.state, second.done);
    const windows = await fillWindows(store.telemetry);
    expectFull(windows.refusal);
    await expectWhole(store.state, second.done);

    spawnSync('mount', ['-o', 'remount,size=3m', directory]);
    rmSync(ballast);
    const third = await fill(store.state, second.done);
    expect(third.done).toBeGreaterThan(second.done);
    await expectWhole(store.state, third.done);
    const kept: Window[] = [];
    for await (const window of store.telemetry.readWindows(0, Number.MAX_SAFE_INTEGER)) kept.push(window);
    expect(kept).toEqual(windows.stored);
    await store.close();

    spawnSync('mount', ['-o', 'remount,size=6m', directory]);
    const reopened = openSqliteStore({ file, retention: KEEP_ALL });
    await expectWhole(reopened.state, third.done);
    await reopened.close();
  },
);

test('says so when a new store may not have the pages it needs', () => {
  expect(() => openSqliteStore({ file: temporaryFile(), retention: KEEP_ALL, maxPages: 4 })).toThrow(
    /the disk is full/,
  );
});

test.skipIf(!MOUNTS)('says so when a new store finds no space, and opens when there is some', async () => {
  const directory = smallFileSystem();
  const ballast = join(directory, 'ballast');
  const file = join(directory, 'cutover.db');
  occupy(ballast);
  expect(() => openSqliteStore({ file, retention: KEEP_ALL })).toThrow(CutoverError);
  rmSync(ballast);
  await openSqliteStore({ file, retention: KEEP_ALL }).close();
});
