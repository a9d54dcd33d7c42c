import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { CutoverError } from '../../src/core/errors.ts';
import { seededRandom } from '../../src/core/random.ts';
import { openSqliteReader, openSqliteStore } from '../../src/store/sqlite/store.ts';
import { sampleWindow } from './kit/samples.ts';
import { KEEP_ALL, openForTest, temporaryDirectory, temporaryFile } from './kit/temporary.ts';

const START_MS = 1_790_000_100_000;

/** The error that opening throws. */
function refusal(open: () => unknown): CutoverError {
  try {
    open();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(CutoverError);
    return thrown as CutoverError;
  }
  throw new Error('it was opened');
}

async function filledFile(entries = 300): Promise<string> {
  const file = temporaryFile();
  const store = openSqliteStore({ file, retention: KEEP_ALL });
  for (let index = 0; index < entries; index += 1) {
    const value = new TextEncoder().encode(`${index}`.repeat(50));
    await store.state.commit([], [{ put: `hist/${index}`, value }], `c${index}`);
  }
  for (let index = 0; index < 20; index += 1) {
    await store.telemetry.putWindow(sampleWindow(START_MS + index * 10_000));
  }
  await store.close();
  return file;
}

const reopen = (file: string) => () => openSqliteStore({ file, retention: KEEP_ALL });

test('says so when the file is no database', () => {
  const file = temporaryFile();
  writeFileSync(file, 'listen:\n  - { address: 127.0.0.1:8080 }\n'.repeat(100));
  const error = refusal(reopen(file));
  expect([error.code, error.exitCode]).toEqual(['STORE_NOT_A_DATABASE', 1]);
  expect(error.message).toContain(file);
  expect(error.hint).toContain(`mv ${file}`);
  expect(readFileSync(file, 'utf8')).toContain('listen:');
});

test('does not touch the database of another program', () => {
  const file = temporaryFile();
  const other = new Database(file);
  other.exec('CREATE TABLE invoices (id INTEGER)');
  other.close();
  const before = readFileSync(file);
  expect(refusal(reopen(file)).code).toBe('STORE_FOREIGN');
  expect(readFileSync(file)).toEqual(before);
});

test('takes an empty file for a new store', async () => {
  const file = temporaryFile();
  writeFileSync(file, '');
  const { state } = openForTest({ file });
  expect(state.status()).toMatchObject({ mode: 'live', rev: 0n });
});

test('says so when there is no store to read, and makes none', () => {
  const file = temporaryFile();
  const error = refusal(() => openSqliteReader(file));
  expect(error.code).toBe('STORE_MISSING');
  expect(error.hint).toContain('cutover run');
  expect(existsSync(file)).toBe(false);
});

test('says so when the path is a directory, or lies under a file', () => {
  const directory = temporaryDirectory();
  expect(refusal(reopen(directory)).code).toBe('STORE_UNREADABLE');
  writeFileSync(join(directory, 'file'), '');
  expect(refusal(reopen(join(directory, 'file', 'cutover.db'))).code).toBe('STORE_UNREADABLE');
});

test('says so when the file was cut short', async () => {
  const file = await filledFile();
  truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096);
  const error = refusal(reopen(file));
  expect(error.code).toBe('STORE_CORRUPT');
  expect(error.hint).toContain('backup');
});

test(
  'never crashes on a damaged file, and never takes it for whole where state is kept',
  { timeout: 60_000 },
  async () => {
    const whole = readFileSync(await filledFile());
    const random = seededRandom(7);
    const codes = new Map<string, number>();
    for (let round = 0; round < 60; round += 1) {
      const damaged = Buffer.from(whole);
      const at = Math.floor(random.next() * (damaged.length - 512));
      for (let index = 0; index < 512; index += 1) damaged[at + index] = Math.floor(random.next() * 256);
      const file = temporaryFile();
      writeFileSync(file, damaged);
      const code = await outcome(file);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    const known = ['whole', 'STORE_CORRUPT', 'STORE_NOT_A_DATABASE', 'STORE_FOREIGN', 'STORE_SCHEMA'];
    expect([...codes.keys()].filter((code) => !known.includes(code))).toEqual([]);
    expect(codes.get('STORE_CORRUPT')).toBeGreaterThan(10);
  },
);

async function outcome(file: string): Promise<string> {
  try {
    const store = openSqliteStore({ file, retention: KEEP_ALL });
    try {
      await store.state.list('');
      for await (const window of store.telemetry.readWindows(0, Number.MAX_SAFE_INTEGER))
        expect(window.id).toBeGreaterThan(0);
      return 'whole';
    } finally {
      await store.close();
    }
  } catch (thrown) {
    return thrown instanceof CutoverError ? thrown.code : String(thrown);
  }
}

test('finds damage when it opens the file, in tables that are not read then', async () => {
  const file = await filledFile();
  const raw = new Database(file);
  const page = raw.prepare("SELECT pageno FROM dbstat WHERE name = 'changes' AND pagetype = 'leaf'").pluck();
  const damagedPage = page.get() as number;
  raw.close();
  const bytes = readFileSync(file);
  bytes.fill(0xa5, (damagedPage - 1) * 4096 + 8, damagedPage * 4096);
  writeFileSync(file, bytes);
  expect(refusal(reopen(file)).code).toBe('STORE_CORRUPT');
  expect(refusal(() => openSqliteReader(file)).code).toBe('STORE_CORRUPT');
});

test('names a window whose content is damaged, and keeps the state', async () => {
  const file = await filledFile(3);
  const raw = new Database(file);
  raw.prepare("UPDATE windows SET body = x'28b52ffd00' WHERE start_ms = ?").run(START_MS);
  raw.close();
  const { telemetry, state } = openForTest({ file });
  const reading = telemetry.readWindows(0, Number.MAX_SAFE_INTEGER)[Symbol.asyncIterator]().next();
  await expect(reading).rejects.toMatchObject({
    code: 'STORE_CORRUPT',
    message: expect.stringContaining(String(START_MS)) as string,
  });
  expect((await state.list('hist/')).entries).toHaveLength(3);
});

test(
  'says so when another program holds the file, and goes on when it lets go',
  { timeout: 30_000 },
  async () => {
    const file = await filledFile(3);
    const { state } = openForTest({ file });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const held = state.commit([], [{ put: 'a', value: new Uint8Array(1) }], 'held');
    await expect(held).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      hint: expect.stringContaining('fuser') as string,
    });
    expect((await state.list('hist/')).entries).toHaveLength(3);
    other.exec('ROLLBACK');
    other.close();
    expect((await state.commit([], [{ put: 'a', value: new Uint8Array(1) }], 'held')).ok).toBe(true);
  },
);

test('says so when the whole file is locked while opening', { timeout: 30_000 }, async () => {
  const file = await filledFile(3);
  const other = new Database(file);
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE');
  expect(refusal(reopen(file)).code).toBe('STORE_LOCKED');
  other.exec('ROLLBACK');
  other.close();
  await openSqliteStore({ file, retention: KEEP_ALL }).close();
});

test('says so when the file may not be written', async () => {
  const file = await filledFile(3);
  chmodSync(file, 0o444);
  chmodSync(dirname(file), 0o555);
  try {
    expect(codeAsNobody(file)).toBe('STORE_READ_ONLY');
  } finally {
    chmodSync(dirname(file), 0o755);
  }
});

/** Opens a file as a user without rights: root may write everything. */
function codeAsNobody(file: string): string {
  const store = fileURLToPath(new URL('../../src/store/sqlite/store.ts', import.meta.url));
  const script = `
    const { openSqliteStore } = await import(${JSON.stringify(store)});
    try {
      openSqliteStore({ file: ${JSON.stringify(file)}, retention: ${JSON.stringify(KEEP_ALL)} });
      console.log('opened');
    } catch (error) { console.log(error.code); }
    process.exit(0);`;
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const args = ['--input-type=module-typescript', '-e', script];
  const { stdout } = spawnSync(process.execPath, args, { ...nobody, cwd: '/', encoding: 'utf8', env: {} });
  return stdout.trim();
}

test('reads without writing: commits are refused', async () => {
  const file = await filledFile(3);
  const reader = openSqliteReader(file);
  try {
    expect((await reader.state.list('hist/')).entries).toHaveLength(3);
    expect(reader.state.status()).toMatchObject({ mode: 'live', rev: 3n });
    const refused = { code: 'STORE_READ_ONLY' };
    await expect(reader.state.commit([], [{ del: 'a' }], 'x')).rejects.toMatchObject(refused);
    await expect(reader.state.acquire('lead', 'me', 1_000)).rejects.toMatchObject(refused);
    await expect(reader.telemetry.putWindow(sampleWindow(START_MS - 10_000))).rejects.toMatchObject(refused);
    await expect(reader.telemetry.sweep(START_MS)).rejects.toMatchObject(refused);
  } finally {
    await reader.close();
  }
});

test('reads beside a gateway that writes', async () => {
  const file = temporaryFile();
  const { state } = openForTest({ file });
  const reader = openSqliteReader(file);
  await state.commit([], [{ put: 'a', value: new Uint8Array(1) }], 'x');
  expect(await reader.state.get('a')).not.toBeNull();
  await reader.close();
});

test('makes the directory of a new store', async () => {
  const file = join(temporaryDirectory(), 'var', 'lib', 'cutover.db');
  openForTest({ file });
  expect(existsSync(file)).toBe(true);
  mkdirSync(dirname(file), { recursive: true });
});
