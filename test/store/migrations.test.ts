import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS, migrate, requireCurrent } from '../../src/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { KEEP_ALL, openForTest, temporaryFile } from './kit/temporary.ts';

const NEXT = { version: MIGRATIONS.length + 1, name: 'next', sql: 'CREATE TABLE next (id INTEGER) STRICT;' };

function rawDatabase(file = temporaryFile()): Database.Database {
  const database = new Database(file);
  onTestFinished(() => void database.close());
  return database;
}

const versions = (database: Database.Database): unknown =>
  database.prepare('SELECT version FROM migrations ORDER BY version').pluck().all();

test('numbers migrations from 1 without a gap', () => {
  expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

test('applies each migration once, and further ones later', () => {
  const database = rawDatabase();
  migrate(database, 1);
  migrate(database, 2);
  migrate(database, 3, [...MIGRATIONS, NEXT]);
  expect(versions(database)).toEqual([1, 2, 3, 4]);
  expect(database.prepare('SELECT applied_at_ms FROM migrations').pluck().all()).toEqual([1, 1, 1, 3]);
});

test('makes STRICT tables only', () => {
  const database = rawDatabase();
  migrate(database, 1);
  const loose = database.prepare(
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite%'",
  );
  expect(loose.pluck().all()).toEqual([]);
});

test('leaves the schema as it was when a migration fails', () => {
  const database = rawDatabase();
  migrate(database, 1);
  const broken = { ...NEXT, sql: 'CREATE TABLE half (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1);' };
  expect(() => migrate(database, 2, [...MIGRATIONS, broken])).toThrow(/nowhere/);
  expect(versions(database)).toEqual([1, 2, 3]);
  expect(database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
});

test('refuses a schema newer than this build, and changes nothing', async () => {
  const file = temporaryFile();
  await openSqliteStore({ file, retention: KEEP_ALL }).close();
  const database = rawDatabase(file);
  migrate(database, 2, [...MIGRATIONS, NEXT]);
  const open = (readOnly: boolean) => () => openSqliteStore({ file, retention: KEEP_ALL, readOnly });
  for (const attempt of [open(false), open(true)]) {
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'STORE_NEWER',
        hint: expect.stringContaining('newer build') as string,
      }),
    );
  }
  expect(versions(database)).toEqual([1, 2, 3, 4]);
});

test('refuses a migration that was edited after it had been applied', () => {
  const database = rawDatabase();
  migrate(database, 1);
  const edited = MIGRATIONS.map((migration) => ({ ...migration, sql: `${migration.sql} ` }));
  expect(() => migrate(database, 2, edited)).toThrow(expect.objectContaining({ code: 'STORE_SCHEMA' }));
});

test('asks for the gateway when an older schema is only read', () => {
  const database = rawDatabase();
  migrate(database, 1);
  const known = [...MIGRATIONS, NEXT];
  expect(() => requireCurrent(database, known)).toThrow(
    expect.objectContaining({ code: 'STORE_OLDER', hint: expect.stringContaining('cutover run') as string }),
  );
  expect(() => requireCurrent(database)).not.toThrow();
});

test('writes ahead, waits for the disk with every commit of state, and can shrink', async () => {
  const file = temporaryFile();
  const { state } = openForTest({ file });
  const database = rawDatabase(file);
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(database.pragma('auto_vacuum', { simple: true })).toBe(2);
  const inside = (state as unknown as { database: Database.Database }).database;
  expect(inside.pragma('synchronous', { simple: true })).toBe(2);
});

test('keeps its generation through restarts; another file has another', async () => {
  const file = temporaryFile();
  const first = openSqliteStore({ file, retention: KEEP_ALL });
  const { generation } = first.state.status();
  await first.close();
  expect(openForTest({ file }).state.status().generation).toBe(generation);
  expect(openForTest({ file: temporaryFile() }).state.status().generation).not.toBe(generation);
});

test('keeps the example of a class from before there were three of them', async () => {
  const file = temporaryFile();
  const database = rawDatabase(file);
  migrate(database, 1, MIGRATIONS.slice(0, 2));
  database.prepare("INSERT INTO classes VALUES ('c1', 'api', 'GET /', 'status', 'status', 3, 1, 2)").run();
  database.prepare('INSERT INTO examples VALUES (?, ?, ?)').run('c1', 7, '{"requestId":"r"}');
  database.close();
  const store = openSqliteStore({ file, retention: KEEP_ALL });
  const found = await store.telemetry.readClass('c1');
  expect([found?.count, found?.example, found?.smallest]).toEqual([3, { requestId: 'r' }, null]);
  await store.close();
});
