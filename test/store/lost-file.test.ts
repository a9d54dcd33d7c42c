import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoreStatus } from '../../src/rollout/ports.ts';
import { openSqliteReader, openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { SqliteStore } from '../../src/store/sqlite/store.ts';
import { until } from '../kit/until.ts';
import { Heard, bytes, text } from './contract/state-harness.ts';
import { sampleClass, sampleWindow } from './kit/samples.ts';
import { KEEP_ALL, openForTest, temporaryFile } from './kit/temporary.ts';

const START_MS = 1_790_000_100_000;
const MISSING = {
  code: 'STORE_MISSING',
  exitCode: 1,
  hint: expect.stringContaining('cutover run') as string,
};

const put = (store: SqliteStore, value: string): Promise<unknown> =>
  store.state.commit([], [{ put: 'ctl/rollout', value: bytes(value) }], `put-${value}`);

/** Keeps what the store says about itself, without asking it. */
class HealthHeard extends Heard {
  readonly told: StoreStatus[] = [];

  override health(status?: StoreStatus): void {
    if (status !== undefined) this.told.push(status);
  }
}

function watched(store: SqliteStore): HealthHeard {
  const heard = new HealthHeard();
  store.state.watch('', heard, new AbortController().signal);
  return heard;
}

/** Moves the database and its log. */
function move(from: string, to: string): void {
  for (const end of ['', '-wal', '-shm']) if (existsSync(from + end)) renameSync(from + end, to + end);
}

test('refuses a commit at once when the file was deleted, instead of losing it', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  await put(store, 'one');
  rmSync(file);
  await expect(put(store, 'two')).rejects.toMatchObject({
    ...MISSING,
    message: expect.stringContaining(`${file} was deleted`) as string,
  });
  expect(store.state.status()).toMatchObject({
    mode: 'down',
    message: expect.stringContaining('deleted') as string,
  });
  expect(text(await store.state.get('ctl/rollout'))).toBe('one');
  expect(existsSync(file)).toBe(false);
});

test('finds a deleted file without being asked, and tells its watchers', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  const heard = watched(store);
  await until(() => heard.snapshots === 1);
  rmSync(file);
  await until(() => heard.told.length > 0, 'the news');
  expect(heard.told[0]).toMatchObject({ mode: 'down', message: expect.stringContaining(file) as string });
});

test('refuses evidence and leases as well', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  await store.telemetry.putWindow(sampleWindow(START_MS));
  const lease = await store.state.acquire('lead/controller', 'me', 60_000);
  if (lease === null) throw new Error('nobody else holds it');
  rmSync(file);
  const event = { type: 'store', ok: true, message: '' } as const;
  const writes = [
    store.state.acquire('other', 'me', 1_000),
    lease.renew(),
    store.telemetry.putWindow(sampleWindow(START_MS + 10_000)),
    store.telemetry.putClass(sampleClass('c1', { count: 1 }), START_MS),
    store.telemetry.appendEvent({ sequence: 1, atMs: START_MS, event }),
    store.telemetry.sweep(START_MS),
  ];
  for (const write of await Promise.allSettled(writes)) {
    expect(write).toMatchObject({ status: 'rejected', reason: MISSING });
  }
  expect(lease.lost.aborted).toBe(false);
});

test('is live again when the same file comes back, and has all that it acknowledged', async () => {
  const file = temporaryFile();
  const store = openSqliteStore({ file, retention: KEEP_ALL });
  const heard = watched(store);
  await put(store, 'one');
  const away = join(dirname(file), 'away.db');
  move(file, away);
  await until(() => heard.told.at(-1)?.mode === 'down', 'the loss');
  await expect(put(store, 'two')).rejects.toMatchObject(MISSING);
  move(away, file);
  await until(() => heard.told.at(-1)?.mode === 'live', 'the return');
  expect(store.state.status()).not.toHaveProperty('message');
  await until(() => heard.snapshots >= 2, 'a snapshot');
  await put(store, 'three');
  await store.close();
  expect(text(await openForTest({ file }).state.get('ctl/rollout'))).toBe('three');
});

test('stays down when another file is in its place, even after the first one returned', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  await put(store, 'one');
  const copy = join(dirname(file), 'copy.db');
  const away = join(dirname(file), 'away.db');
  copyFileSync(file, copy);
  renameSync(file, away);
  renameSync(copy, file);
  await expect(put(store, 'two')).rejects.toMatchObject({
    ...MISSING,
    message: expect.stringContaining('another file') as string,
  });
  renameSync(away, file);
  await expect(put(store, 'three')).rejects.toMatchObject(MISSING);
  expect(store.state.status().mode).toBe('down');
});

test('refuses a commit when the write-ahead log was deleted: the commit would be in it', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  await put(store, 'one');
  rmSync(`${file}-wal`);
  await expect(put(store, 'two')).rejects.toMatchObject({
    ...MISSING,
    message: expect.stringContaining(`${file}-wal was deleted`) as string,
  });
});

test('says so when the directory is out of reach', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  const away = `${dirname(file)}-away`;
  renameSync(dirname(file), away);
  await expect(put(store, 'one')).rejects.toMatchObject(MISSING);
  renameSync(away, dirname(file));
  await put(store, 'two');
});

test('lives beside readers, checkpoints and a second gateway that come and go', async () => {
  const file = temporaryFile();
  const store = openForTest({ file });
  const heard = watched(store);
  for (let round = 0; round < 5; round += 1) {
    await put(store, `round-${round}`);
    const reader = openSqliteReader(file);
    const other = openSqliteStore({ file, retention: KEEP_ALL });
    await put(other, `other-${round}`);
    await other.telemetry.sweep(START_MS);
    await reader.close();
    await other.close();
    expect(store.state.status().mode).toBe('live');
  }
  expect(heard.told).toEqual([]);
});
