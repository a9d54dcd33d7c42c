import { statSync } from 'node:fs';
import { CutoverError, messageOf, systemCode } from '../../core/errors.ts';

/** Device and inode: stays the same when a file is moved, and is not given to another while the file is open. */
type Identity = string;

/**
 * The files of an open database, as they were when it was opened. SQLite goes on writing to a file that was deleted
 * or replaced, and what it acknowledges then is gone after a restart. Looking costs two `stat` calls. It cannot
 * see a file that is overwritten in place.
 */
export class StoreFile {
  private readonly file: string;
  private readonly opened: ReadonlyMap<string, Identity>;
  private replaced: CutoverError | null = null;

  /**
   * @param file an open database
   * @param watchLog also its write-ahead log, which stays as long as somebody who may write has the database open
   */
  constructor(file: string, watchLog: boolean) {
    this.file = file;
    const opened = new Map<string, Identity>();
    for (const path of watchLog ? [file, `${file}-wal`] : [file]) {
      const identity = identityOf(path);
      if (identity !== null) opened.set(path, identity);
    }
    this.opened = opened;
  }

  /**
   * A file that comes back as it was is well again; a replaced one is not until the gateway starts anew, because the
   * other program may have touched the write-ahead log.
   * @throws CutoverError `STORE_MISSING` when a file is gone or another is in its place
   */
  check(): void {
    if (this.replaced !== null) throw this.replaced;
    for (const [path, opened] of this.opened) {
      const found = this.look(path);
      if (found === opened) continue;
      if (found === null) throw this.gone(`${path} was deleted or moved away`);
      this.replaced = this.other(path);
      throw this.replaced;
    }
  }

  private look(path: string): Identity | null {
    try {
      return identityOf(path);
    } catch (thrown) {
      throw this.gone(`${path} is out of reach (${systemCode(thrown) || messageOf(thrown)})`);
    }
  }

  private gone(what: string): CutoverError {
    return new CutoverError(
      'STORE_MISSING',
      `the store ${this.file}: ${what}; nothing is stored until it is back`,
      {
        hint: `move it back to ${this.file}; if it is lost, end the gateway and start it with a backup or anew: cutover run`,
      },
    );
  }

  private other(path: string): CutoverError {
    const message = `the store ${this.file}: another file is in the place of ${path}; nothing is stored`;
    return new CutoverError('STORE_MISSING', message, {
      hint: 'end the gateway, put the file in place that you want, and start it again: cutover run',
    });
  }
}

function identityOf(path: string): Identity | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
