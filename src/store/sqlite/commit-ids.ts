import type { Database, Statement } from 'better-sqlite3';
import { LIMITS } from '../../core/limits.ts';
import type { Rev } from '../../rollout/ports.ts';

/** Remembers which commits took effect, so that one sent again (its answer was lost) takes effect once. */
export class CommitIds {
  private readonly known: Statement<[string], { rev: number }>;
  private readonly add: Statement;
  private readonly forget: Statement;

  constructor(database: Database) {
    this.known = database.prepare('SELECT rev FROM commits WHERE id = ?');
    this.add = database.prepare('INSERT INTO commits VALUES (?, ?)');
    this.forget = database.prepare('DELETE FROM commits WHERE rev <= ?');
  }

  /** The revision that a commit made, or null when it is not known. */
  find(id: string): Rev | null {
    const row = this.known.get(id);
    return row === undefined ? null : BigInt(row.rev);
  }

  /** Inside the transaction of the commit. Ids of the last `LIMITS.storeCommitIds` revisions are kept. */
  remember(id: string, rev: Rev): void {
    this.add.run(rev, id);
    this.forget.run(Number(rev) - LIMITS.storeCommitIds);
  }
}
