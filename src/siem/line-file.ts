import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { CutoverError, systemCode } from '../core/errors.ts';

export interface LineFileOptions {
  /** Absolute path. */
  readonly file: string;
  /** Size at which the file is moved away, and how many of those are kept. */
  readonly maxBytes: number;
  readonly keep: number;
}

/**
 * A file of lines that another program reads while it grows. It is opened for each batch, so that it may be moved away
 * by anybody; by itself it is renamed to `FILE.1` and made anew, as the agent of Wazuh expects it.
 */
export class LineFile {
  private readonly options: LineFileOptions;

  constructor(options: LineFileOptions) {
    this.options = options;
  }

  /**
   * Appends whole lines. @param text ends with a line break
   * @throws the system's error, or SIEM_FILE when the path is no file; what was written of a line then stays alone
   */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    if ((await this.size()) + bytes.length > this.options.maxBytes) await this.rotate();
    const handle = await open(this.options.file, 'a+', 0o640);
    try {
      await handle.appendFile(Buffer.concat([await lineBreakAfter(handle), bytes]));
    } finally {
      await handle.close();
    }
  }

  /** Of what is there now. A pipe or a device would block or swallow everything. */
  private async size(): Promise<number> {
    const { file } = this.options;
    try {
      const found = await stat(file);
      if (found.isFile()) return found.size;
    } catch (thrown) {
      if (systemCode(thrown) === 'ENOENT') return 0;
      throw thrown;
    }
    throw new CutoverError('SIEM_FILE', `${file} is no file`, { hint: 'name a file: siem.events.file' });
  }

  private async rotate(): Promise<void> {
    const { file, keep } = this.options;
    await rm(`${file}.${keep}`, { force: true });
    for (let index = keep - 1; index >= 0; index -= 1) {
      const from = index === 0 ? file : `${file}.${index}`;
      await rename(from, `${file}.${index + 1}`).catch(ignoreAbsent);
    }
  }
}

function ignoreAbsent(thrown: unknown): void {
  if (systemCode(thrown) !== 'ENOENT') throw thrown;
}

/** Half a line of an earlier process, or of a disk that was full, must not spoil the next one. */
async function lineBreakAfter(handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat();
  if (size === 0) return Buffer.alloc(0);
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] === 0x0a ? Buffer.alloc(0) : Buffer.from('\n');
}
