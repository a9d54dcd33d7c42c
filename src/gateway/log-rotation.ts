import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { wallMs } from '../core/clock.ts';
import { systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { AccessLogRotation } from '../core/snapshot.ts';

/** What is known about the open file. */
interface LogFacts {
  readonly sizeBytes: number;
  /** When it was made, by the wall clock; 0 on a file system that does not know. */
  readonly bornMs: number;
  /** When it was opened, by the wall clock. */
  readonly openedMs: number;
}

/**
 * Rotates a log that several processes write. The file is only ever renamed, to a name that nobody else gives, so that
 * no line is lost whoever is late; a lock file keeps two processes from doing it at once. The worst a lock that was
 * left behind or taken twice can do is a rotated file that is short.
 */
export class LogRotation {
  private readonly file: string;
  private readonly config: AccessLogRotation;
  private turn = 0;

  constructor(file: string, config: AccessLogRotation) {
    this.file = file;
    this.config = config;
  }

  /** Whether the file has to go before `bytes` more are written to it. An empty file is never rotated. */
  isDue({ sizeBytes, bornMs, openedMs }: LogFacts, bytes: number): boolean {
    if (sizeBytes === 0) return false;
    const { maxBytes, maxAgeMs } = this.config;
    const sinceMs = bornMs > 0 ? bornMs : openedMs;
    return sizeBytes + bytes > maxBytes || (maxAgeMs > 0 && wallMs() - sinceMs >= maxAgeMs);
  }

  /**
   * Moves the file away unless another process is doing that, and deletes the oldest ones beyond `keep`.
   * @returns whether this process has moved it
   * @throws the system's error when the folder does not allow it
   */
  async rotate(inode: number): Promise<boolean> {
    const lock = `${this.file}.rotating`;
    if (!(await take(lock))) return false;
    try {
      if ((await stat(this.file)).ino !== inode) return false;
      await rename(this.file, this.nextName());
      await this.prune();
      return true;
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT') throw thrown;
      return false;
    } finally {
      await unlink(lock).catch(() => undefined);
    }
  }

  /** `access.log-20261124T194808123Z-4711-1`: names in the order of time, and no two processes give the same one. */
  private nextName(): string {
    this.turn += 1;
    const moment = new Date(wallMs()).toISOString().replaceAll(/[-:.]/g, '');
    return `${this.file}-${moment}-${process.pid}-${this.turn}`;
  }

  /** A file that was rotated a moment ago may still get the last lines of another process: it is left for next time. */
  private async prune(): Promise<void> {
    const folder = dirname(this.file);
    const prefix = `${basename(this.file)}-`;
    const names = (await readdir(folder)).filter(
      (name) => name.startsWith(prefix) && ROTATED.test(name.slice(prefix.length)),
    );
    const excess = names.toSorted().slice(0, Math.max(0, names.length - this.config.keep));
    for (const name of excess) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (found !== null && wallMs() - found.mtimeMs > LIMITS.accessLogSettleMs)
        await unlink(path).catch(() => undefined);
    }
  }
}

const ROTATED = /^\d{8}T\d{9}Z-\d+-\d+$/;

/** Makes the lock file; one that is older than any rotation takes belongs to a process that died. */
async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o640)).close();
    return true;
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown;
    const found = await stat(lock).catch(() => null);
    if (found !== null && Math.abs(wallMs() - found.mtimeMs) > LIMITS.accessLogSettleMs)
      await unlink(lock).catch((failed: unknown) => {
        if (systemCode(failed) !== 'ENOENT') throw failed;
      });
    return false;
  }
}
