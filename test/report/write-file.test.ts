import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeWhole } from '../../src/report/write-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-write-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string): string => join(folder, name);

test('a file is written as a whole and leaves nothing beside it', () => {
  writeWhole(inFolder('a.md'), 'one');
  writeWhole(inFolder('a.md'), 'two');
  expect(readFileSync(inFolder('a.md'), 'utf8')).toBe('two');
  expect(readdirSync(folder)).toEqual(['a.md']);
});

test('a file that is replaced keeps its rights', () => {
  writeFileSync(inFolder('a.md'), 'one');
  chmodSync(inFolder('a.md'), 0o640);
  writeWhole(inFolder('a.md'), 'two');
  expect(statSync(inFolder('a.md')).mode & 0o777).toBe(0o640);
});

test('a link stays a link to the file that was written', () => {
  writeFileSync(inFolder('real.md'), 'one');
  symlinkSync('real.md', inFolder('link.md'));
  writeWhole(inFolder('link.md'), 'two');
  expect(lstatSync(inFolder('link.md')).isSymbolicLink()).toBe(true);
  expect(readFileSync(inFolder('real.md'), 'utf8')).toBe('two');
});

test('what is no plain file is written to and never replaced', () => {
  const pipe = inFolder('pipe');
  execFileSync('mkfifo', [pipe]);
  // Opened both ways, so that the writer finds a reader; and no reading waits for a writer.
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  writeWhole(pipe, 'text');
  const bytes = Buffer.alloc(16);
  expect(bytes.toString('utf8', 0, readSync(reader, bytes))).toBe('text');
  closeSync(reader);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test('a file in a folder that does not exist is refused with a hint', () => {
  expect(() => writeWhole(inFolder('no/a.md'), 'x')).toThrow(
    expect.objectContaining({ code: 'NOT_WRITTEN', exitCode: 1, hint: 'its folder must exist: mkdir -p' }),
  );
});

test('a folder is no file that could be written', () => {
  mkdirSync(inFolder('a'));
  expect(() => writeWhole(inFolder('a'), 'x')).toThrow(/cannot be written/);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a file that cannot take its name leaves nothing behind', () => {
  const long = inFolder(`${'x'.repeat(250)}.md`);
  expect(() => writeWhole(long, 'x')).toThrow(/cannot be written/);
  expect(readdirSync(folder)).toEqual([]);
});
