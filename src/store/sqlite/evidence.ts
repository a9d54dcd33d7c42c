import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import { messageOf } from '../../core/errors.ts';
import type { StoredEvidence } from '../../telemetry/class-evidence.ts';
import { corruptError } from './errors.ts';

/** Epochs whose evidence is kept: the current one, and the one before for who looks back. */
const EPOCHS_KEPT = 2;

/** The table of the evidence of classes: one row for each epoch. Methods that write must run inside a transaction. */
export class Evidence {
  private readonly database: Database;
  private readonly sql: Statements;

  constructor(database: Database) {
    this.database = database;
    this.sql = statements(database);
  }

  /** Replaces the evidence of its epoch. */
  put(evidence: StoredEvidence): void {
    this.sql.put.run(evidence.epoch, zstdCompressSync(JSON.stringify(evidence)));
    this.sql.forget.run(EPOCHS_KEPT);
  }

  /** The evidence of an epoch, or null. @throws CutoverError `STORE_CORRUPT` */
  get(epoch: number): StoredEvidence | null {
    const body = this.sql.get.get(epoch)?.body;
    if (body === undefined) return null;
    try {
      return JSON.parse(zstdDecompressSync(body).toString('utf8')) as StoredEvidence;
    } catch (thrown) {
      const what = `the evidence of epoch ${epoch} cannot be read: ${messageOf(thrown)}`;
      throw corruptError(this.database.name, what, thrown);
    }
  }
}

function statements(database: Database) {
  return {
    put: database.prepare(
      'INSERT INTO evidence VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET body = excluded.body',
    ),
    get: database.prepare<[number], { body: Uint8Array }>('SELECT body FROM evidence WHERE epoch = ?'),
    forget: database.prepare(
      'DELETE FROM evidence WHERE epoch NOT IN (SELECT epoch FROM evidence ORDER BY epoch DESC LIMIT ?)',
    ),
  };
}

type Statements = ReturnType<typeof statements>;
