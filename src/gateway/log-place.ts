import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { wallMs } from '../core/clock.ts';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import type { AccessLogRotation } from '../core/snapshot.ts';
import { LogRotation } from './log-rotation.ts';

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;

/** An open log. */
export interface OpenLog {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly device: number;
  /** A regular file; else a pipe or a device, which is neither watched nor rotated. */
  readonly isFile: boolean;
  /** When it was opened, by the wall clock. */
  readonly openedMs: number;
}

/**
 * The path of a log and the descriptor that is open for it. The file is opened again when it was moved or removed
 * (logrotate), and it may be cut (`copytruncate`). A symbolic link is refused outside of `/dev`: whoever may write to
 * the folder could point it anywhere.
 */
export class LogPlace {
  private readonly file: string;
  private readonly rotation: LogRotation | null;
  private readonly warn: (message: string) => void;
  private log: OpenLog | null = null;
  /** A rotation failed, and none has succeeded since. */
  private complained = false;

  /** @param warn told once when the file should be rotated and cannot be */
  constructor(file: string, rotate: AccessLogRotation | null, warn: (message: string) => void) {
    this.file = file;
    this.warn = warn;
    this.rotation = rotate === null ? null : new LogRotation(file, rotate);
  }

  /**
   * The log to write to.
   * @param bytes that are about to be written: the file may be rotated for them
   * @throws the system's error, or CutoverError for a symbolic link
   */
  async ready(bytes: number): Promise<OpenLog> {
    const log = await this.current();
    if (this.rotation === null || !log.isFile) return log;
    const { size: sizeBytes, birthtimeMs: bornMs } = await log.handle.stat();
    if (!this.rotation.isDue({ sizeBytes, bornMs, openedMs: log.openedMs }, bytes)) return log;
    try {
      if (await this.rotation.rotate(log.inode)) this.complained = false;
    } catch (thrown) {
      if (!this.complained) this.warn(`it cannot be rotated and grows: ${messageOf(thrown)}`);
      this.complained = true;
    }
    return await this.current();
  }

  /** Closes what is open. */
  async shut(): Promise<void> {
    const { log } = this;
    this.log = null;
    await log?.handle.close().catch(() => undefined);
  }

  private async current(): Promise<OpenLog> {
    const { log } = this;
    if (log !== null && (!log.isFile || (await this.isInPlace(log)))) return log;
    await this.shut();
    const opened = await openLog(this.file);
    this.log = opened;
    return opened;
  }

  private async isInPlace({ inode, device }: OpenLog): Promise<boolean> {
    const found = await stat(this.file).catch(() => null);
    return found !== null && found.ino === inode && found.dev === device;
  }
}

async function openLog(file: string): Promise<OpenLog> {
  // Not blocking: on a pipe without a reader a thread would wait for ever and keep the process from ending.
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | (file.startsWith('/dev/') ? 0 : O_NOFOLLOW);
  try {
    const handle = await open(file, flags, FILE_MODE).catch(async (thrown: unknown) => {
      if (systemCode(thrown) !== 'ENOENT') throw thrown;
      await makeFolder(dirname(file));
      return await open(file, flags, FILE_MODE);
    });
    const found = await handle.stat();
    return { handle, inode: found.ino, device: found.dev, isFile: found.isFile(), openedMs: wallMs() };
  } catch (thrown) {
    if (systemCode(thrown) !== 'ELOOP') throw thrown;
    const message = 'it is a symbolic link, which is not followed; name the file it stands for';
    throw new CutoverError('LOG_LINK', message, { cause: thrown });
  }
}

/** Not the recursive form of `mkdir`: it never returns where a file system refuses for good, `/proc` say. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, FOLDER_MODE);
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return;
    if (systemCode(thrown) !== 'ENOENT' || dirname(path) === path) throw thrown;
    await makeFolder(dirname(path));
    await mkdir(path, FOLDER_MODE);
  }
}
