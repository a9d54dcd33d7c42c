import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import { randomHex } from '../core/random.ts';

/**
 * Writes a whole file or none of it: under another name in the same folder, then renamed. A link stays a link, rights stay
 * rights, and what is no plain file (`/dev/stdout`, a pipe) is written to instead of being replaced.
 * @throws CutoverError NOT_WRITTEN; what stood there before still does
 */
export function writeWhole(file: string, text: string): void {
  try {
    const before = statOf(file);
    if (before === null) return replace(file, text, null);
    if (before.isFile()) return replace(realpathSync(file), text, before.mode & 0o777);
    writeFileSync(file, text);
  } catch (error) {
    throw new CutoverError('NOT_WRITTEN', `${file} cannot be written: ${messageOf(error)}`, {
      hint: systemCode(error) === 'ENOENT' ? 'its folder must exist: mkdir -p' : 'name another file: -o FILE',
      cause: error,
    });
  }
}

function statOf(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}

function replace(file: string, text: string, mode: number | null): void {
  const temporary = `${file}.${randomHex(6)}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: 'wx' });
    if (mode !== null) chmodSync(temporary, mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
