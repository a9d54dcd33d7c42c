import type { Database } from 'better-sqlite3';
import { CutoverError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { newGeneration } from './generation.ts';
import { EVIDENCE_SCHEMA, STATE_SCHEMA, TELEMETRY_SCHEMA } from './schema.ts';
import { Transactions } from './transaction.ts';

/** `CUTV` in ASCII: tells Cutover's databases from others (https://www.sqlite.org/fileformat2.html, offset 68). */
export const APPLICATION_ID = 0x43555456;

/** One step of the schema. What has been released is never edited: a change is a further migration. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** All migrations, in order; versions count up from 1. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'state', sql: STATE_SCHEMA },
  { version: 2, name: 'telemetry', sql: TELEMETRY_SCHEMA },
  { version: 3, name: 'evidence', sql: EVIDENCE_SCHEMA },
];

const BOOKS = `CREATE TABLE IF NOT EXISTS migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL
) STRICT`;

interface Applied {
  readonly version: number;
  readonly checksum: string;
}

function appliedTo(database: Database): Applied[] {
  const exists = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get();
  if (exists === undefined) return [];
  return database.prepare<[], Applied>('SELECT version, checksum FROM migrations ORDER BY version').all();
}

function verify(file: string, applied: readonly Applied[], known: readonly Migration[]): void {
  const newest = applied.at(-1)?.version ?? 0;
  if (newest > known.length) {
    throw new CutoverError(
      'STORE_NEWER',
      `the store ${file} has schema ${newest} and this build knows up to ${known.length}`,
      { hint: 'run the newer build of cutover that wrote it, or restore the backup made before the upgrade' },
    );
  }
  for (const [index, { version, checksum }] of applied.entries()) {
    const migration = known[index];
    if (migration?.version === version && sha256Hex(migration.sql) === checksum) continue;
    throw new CutoverError(
      'STORE_SCHEMA',
      `the store ${file}: migration ${version} is not the one of this build`,
      {
        hint: `it was made by an unreleased build: keep it and start anew: mv ${file} ${file}.old`,
      },
    );
  }
}

/**
 * Brings the schema forward, never back; each migration is one transaction.
 * @param known for tests; versions must count up from 1
 * @throws CutoverError `STORE_NEWER` for a schema this build does not know, `STORE_SCHEMA` when a migration was edited
 */
export function migrate(database: Database, nowMs: number, known: readonly Migration[] = MIGRATIONS): void {
  const transactions = new Transactions(database);
  verify(database.name, appliedTo(database), known);
  for (const migration of known) {
    transactions.write(() => {
      if (appliedTo(database).length < migration.version) apply(database, migration, nowMs);
    });
  }
}

function apply(database: Database, { version, name, sql }: Migration, nowMs: number): void {
  database.exec(BOOKS);
  database.exec(sql);
  if (version === 1) {
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.prepare('INSERT INTO identity VALUES (1, ?, ?)').run(newGeneration(nowMs), nowMs);
  }
  const note = database.prepare('INSERT INTO migrations VALUES (?, ?, ?, ?)');
  note.run(version, name, sha256Hex(sql), nowMs);
}

/**
 * Checks the schema of a database that is only read.
 * @throws CutoverError `STORE_NEWER`, `STORE_SCHEMA`, and `STORE_OLDER` when it must be brought forward first
 */
export function requireCurrent(database: Database, known: readonly Migration[] = MIGRATIONS): void {
  const applied = appliedTo(database);
  verify(database.name, applied, known);
  if (applied.length === known.length) return;
  throw new CutoverError(
    'STORE_OLDER',
    `the store ${database.name} has schema ${applied.length} of ${known.length}`,
    {
      hint: 'start the gateway once with this build, it brings the schema forward: cutover run',
    },
  );
}
