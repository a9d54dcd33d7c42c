import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { tryLockFile } from '../../src/store/sqlite/lock.ts';
import { openSqliteReader, openSqliteStore } from '../../src/store/sqlite/store.ts';
import { KEEP_ALL, openForTest, temporaryFile } from './kit/temporary.ts';

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);
const modesOf = (file: string): string[] => [file, `${file}-wal`, `${file}-shm`].map(modeOf);

test('makes a database that only its owner can read, and its log too', () => {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const file = temporaryFile();
  openForTest({ file });
  expect(modesOf(file)).toEqual(['600', '600', '600']);
});

test('makes it so from the first moment, not afterwards', () => {
  // Whose file it is decides about later changes only.
  const nobody = vi.spyOn(process, 'geteuid').mockReturnValue(-1);
  onTestFinished(() => nobody.mockRestore());
  const file = temporaryFile();
  openForTest({ file });
  expect(modesOf(file)).toEqual(['600', '600', '600']);
  tryLockFile(`${file}.lock`)?.release();
  expect(modeOf(`${file}.lock`)).toBe('600');
});

test('makes it so behind a link to a file that is not there yet', () => {
  const file = temporaryFile();
  const target = join(dirname(file), 'target.db');
  symlinkSync(target, file);
  openForTest({ file });
  expect(modeOf(target)).toBe('600');
});

test('takes the rights of others from a database and a log that are there', async () => {
  const file = temporaryFile();
  await openSqliteStore({ file, retention: KEEP_ALL }).close();
  chmodSync(file, 0o664);
  writeFileSync(`${file}-wal`, '', { mode: 0o644 });
  openForTest({ file });
  expect(modesOf(file)).toEqual(['600', '600', '600']);
});

test('leaves the modes as they are when it only reads, and those of another owner', async () => {
  const file = temporaryFile();
  await openSqliteStore({ file, retention: KEEP_ALL }).close();
  chmodSync(file, 0o644);
  await openSqliteReader(file).close();
  expect(modeOf(file)).toBe('644');
  if (process.geteuid?.() !== 0) return;
  chownSync(file, 65_534, 65_534);
  openForTest({ file });
  expect(modeOf(file)).toBe('644');
});

test('makes a lock that only its owner can take, and tightens an old one', () => {
  const file = temporaryFile();
  tryLockFile(file)?.release();
  expect(modeOf(file)).toBe('600');
  chmodSync(file, 0o644);
  tryLockFile(file)?.release();
  expect(modeOf(file)).toBe('600');
});

test('keeps a lock when its own process asks for it again: another process is still refused', () => {
  const file = temporaryFile();
  const lock = tryLockFile(file);
  expect(lock).not.toBeNull();
  expect(tryLockFile(file)).toBeNull();
  expect(lockedElsewhere(file)).toBe(true);
  lock?.release();
  expect(lockedElsewhere(file)).toBe(false);
});

/** Whether another process is refused the lock. */
function lockedElsewhere(file: string): boolean {
  const module = fileURLToPath(new URL('../../src/store/sqlite/lock.ts', import.meta.url));
  const script = `
    const { tryLockFile } = await import(${JSON.stringify(module)});
    console.log(tryLockFile(${JSON.stringify(file)}) === null);`;
  const args = ['--input-type=module-typescript', '-e', script];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(['true', 'false']).toContain(stdout.trim());
  return stdout.trim() === 'true';
}
