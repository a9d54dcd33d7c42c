import { execFile, execFileSync } from 'node:child_process';
import {
  constants,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { AccessLogRotation } from '../../src/core/snapshot.ts';
import { LogFile } from '../../src/gateway/log-file.ts';
import { LogRotation } from '../../src/gateway/log-rotation.ts';
import { MOUNTS, mountSmall } from '../kit/mount.ts';
import { temporaryFolder } from '../kit/process.ts';
import { until } from '../kit/until.ts';

const WRITER = new URL('kit/log-writer.ts', import.meta.url).pathname;
const NEVER = { maxBytes: Number.MAX_SAFE_INTEGER, maxAgeMs: 0, keep: 1 };

function folder(): string {
  const { path, remove } = temporaryFolder('cutover-log');
  onTestFinished(remove);
  return path;
}

function logAt(file: string, rotate: AccessLogRotation | null = null) {
  const said: string[] = [];
  const log = new LogFile(file, rotate, (message) => said.push(message));
  onTestFinished(() => log.close());
  const settled = (line: string, at = file) =>
    until(() => existsSync(at) && readFileSync(at, 'utf8').endsWith(line), `${line} in ${at}`);
  return { log, said, settled };
}

const rotatedIn = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => /^a\.log-\d/.test(name))
    .toSorted();

test('three processes that write and rotate one log lose no line, tear none and write none twice', async () => {
  const path = folder();
  const file = join(path, 'a.log');
  const args = (name: string) => [WRITER, file, name, '60', '100', '200000'];
  const ends = await Promise.all(
    ['a', 'b', 'c'].map((name) => promisify(execFile)(process.execPath, args(name))),
  );
  for (const { stdout, stderr } of ends) expect([stdout, stderr]).toEqual(['0', '']);
  const files = readdirSync(path);
  const seen = new Map<string, number[]>();
  for (const name of files) {
    for (const line of readFileSync(join(path, name), 'utf8').trimEnd().split('\n')) {
      const read = JSON.parse(line) as { name: string; number: number };
      seen.set(read.name, [...(seen.get(read.name) ?? []), read.number]);
    }
  }
  const all = Array.from({ length: 6_000 }, (_, index) => index);
  for (const name of ['a', 'b', 'c']) expect(seen.get(name)?.toSorted((a, b) => a - b)).toEqual(all);
  expect(files.length).toBeGreaterThan(2);
  expect(files.filter((name) => name.endsWith('.rotating'))).toEqual([]);
}, 60_000);

test('a log that was moved away or removed is opened again under its name', async () => {
  const path = folder();
  const file = join(path, 'a.log');
  const { log, settled } = logAt(file);
  log.append('one\n');
  await settled('one\n');
  renameSync(file, `${file}.1`);
  log.append('two\n');
  await settled('two\n');
  unlinkSync(file);
  log.append('three\n');
  await settled('three\n');
  expect([readFileSync(`${file}.1`, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['one\n', 'three\n']);
});

test('a log that logrotate copies and cuts goes on at its beginning', async () => {
  const file = join(folder(), 'a.log');
  const { log, settled } = logAt(file);
  log.append('one\n');
  await settled('one\n');
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
  log.append('two\n');
  await settled('two\n');
  expect(readFileSync(file, 'utf8')).toBe('two\n');
});

test('a log and its folder are made for the group to read and for nobody else', async () => {
  const path = join(folder(), 'logs', 'deep');
  const { log, settled } = logAt(join(path, 'a.log'));
  log.append('one\n');
  await settled('one\n', join(path, 'a.log'));
  expect(statSync(join(path, 'a.log')).mode & 0o777 & ~0o640).toBe(0);
  expect(statSync(path).mode & 0o777 & ~0o750).toBe(0);
});

test('what is wrong with a log is said when it is opened, before a line is lost', async () => {
  const path = folder();
  writeFileSync(join(path, 'file'), '');
  const { said } = logAt(join(path, 'file', 'a.log'));
  await until(() => said.length === 1, 'the complaint');
  expect(said[0]).toContain('ENOTDIR');
});

test('a symbolic link is not followed, or whoever may write to the folder could point it anywhere', async () => {
  const path = folder();
  writeFileSync(join(path, 'precious'), 'kept');
  symlinkSync(join(path, 'precious'), join(path, 'a.log'));
  const { log, said } = logAt(join(path, 'a.log'));
  log.append('one\ntwo\n');
  await until(() => log.dropped === 2, 'the lines to be counted');
  expect(said).toEqual([expect.stringContaining('symbolic link')]);
  expect(readFileSync(join(path, 'precious'), 'utf8')).toBe('kept');
});

/** A disk of 64 KiB. */
function smallDisk(): string {
  const disk = join(folder(), 'disk');
  mkdirSync(disk);
  mountSmall(disk, '64k');
  return disk;
}

test.skipIf(!MOUNTS)(
  'a full disk loses lines that are counted, tears none of those that follow, and is recovered from',
  async () => {
    const disk = smallDisk();
    const file = join(disk, 'a.log');
    const { log, said, settled } = logAt(file);
    const line = (number: number) => `${JSON.stringify({ number, padding: 'x'.repeat(300) })}\n`;
    const lines = Array.from({ length: 400 }, (_, number) => line(number));
    log.append(lines.join(''));
    await until(() => log.dropped > 0, 'the lost lines');
    const whole = lines.length - log.dropped;
    expect(readFileSync(file, 'utf8').startsWith(lines.slice(0, whole).join(''))).toBe(true);
    await until(() => said.length > 0, 'the complaint');
    expect(said).toHaveLength(1);
    unlinkSync(file);
    log.append(line(1_000));
    await settled(line(1_000));
  },
  20_000,
);

test.skipIf(!MOUNTS)('a torn line of a full disk ends where the next batch begins', async () => {
  const disk = smallDisk();
  const file = join(disk, 'a.log');
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(40_000));
  const { log, settled } = logAt(file);
  const text = (number: number) => `${JSON.stringify({ number, padding: 'x'.repeat(300) })}\n`;
  log.append(Array.from({ length: 200 }, (_, number) => text(number)).join(''));
  await until(() => log.dropped > 0, 'the lost lines');
  unlinkSync(ballast);
  log.append(text(7_777));
  await settled(text(7_777));
  const read = readFileSync(file, 'utf8').trimEnd().split('\n');
  // A line that was joined to a torn one ends well and begins twice.
  const broken = read.filter((line) => !line.endsWith('"}') || line.lastIndexOf('{') > 0);
  expect(broken.length).toBeLessThanOrEqual(1);
  expect(read.length - broken.length).toBe(200 - log.dropped + 1);
});

function pipe(): { file: string; open: () => number } {
  const file = join(folder(), 'pipe');
  execFileSync('mkfifo', [file]);
  const open = () => {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(descriptor));
    return descriptor;
  };
  return { file, open };
}

test('a pipe that nobody reads holds lines up to a limit, counts the rest, and lets a worker end', async () => {
  const { file } = pipe();
  const { log } = logAt(file);
  const batch = `${'x'.repeat(1_023)}\n`.repeat(1_024);
  const batches = LIMITS.accessLogBytes / batch.length + 3;
  const started = performance.now();
  for (let index = 0; index < batches; index += 1) log.append(batch);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect([log.isFull, log.dropped]).toEqual([true, 3 * 1_024]);
  await log.close();
  expect(log.dropped).toBe(batches * 1_024);
});

test('a pipe that is read again gets the lines that waited, each of them whole', async () => {
  const { file, open } = pipe();
  const { log } = logAt(file);
  const lines = Array.from({ length: 2_000 }, (_, number) => `${JSON.stringify({ number })}\n`).join('');
  log.append(lines.repeat(5));
  const reader = open();
  let text = '';
  await until(() => {
    const chunk = Buffer.alloc(64 * 1024);
    try {
      text += chunk.toString('utf8', 0, readSync(reader, chunk));
    } catch {
      // Nothing there yet.
    }
    return text.length >= lines.length * 5;
  }, 'all lines');
  expect(text).toBe(lines.repeat(5));
  expect(log.dropped).toBe(0);
});

test('only as many rotated files are kept as asked for, and never one that may still be written', async () => {
  const path = folder();
  const file = join(path, 'a.log');
  const { log, settled } = logAt(file, { maxBytes: 10, maxAgeMs: 0, keep: 2 });
  const old = '20200101T000000000Z';
  for (const number of [1, 2, 3]) {
    writeFileSync(`${file}-${old}-1-${number}`, '');
    utimesSync(`${file}-${old}-1-${number}`, 0, 0);
  }
  writeFileSync(`${file}-notes`, '');
  for (const word of ['one', 'two', 'three', 'four']) {
    log.append(`${word.padEnd(8)}\n`);
    await settled(`${word.padEnd(8)}\n`);
  }
  await log.close();
  const kept = rotatedIn(path);
  expect(kept.map((name) => readFileSync(join(path, name), 'utf8').trim())).toEqual(['one', 'two', 'three']);
  expect(existsSync(`${file}-notes`)).toBe(true);
});

test('a log is rotated by its age too, and not while it is empty', async () => {
  const path = folder();
  const file = join(path, 'a.log');
  const { log, settled } = logAt(file, { ...NEVER, maxAgeMs: 50 });
  await until(() => existsSync(file) && Date.now() - statSync(file).birthtimeMs > 60, 'the file to age');
  log.append('one\n');
  await settled('one\n');
  expect(rotatedIn(path)).toEqual([]);
  log.append('two\n');
  await settled('two\n');
  expect(rotatedIn(path)).toHaveLength(1);
});

test('a lock that a dead process left behind does not stop rotation for good', async () => {
  const path = folder();
  const file = join(path, 'a.log');
  writeFileSync(`${file}.rotating`, '');
  utimesSync(`${file}.rotating`, 0, 0);
  const { log } = logAt(file, { ...NEVER, maxBytes: 5 });
  await until(() => {
    log.append('one\n');
    return rotatedIn(path).length > 0;
  }, 'a rotation');
});

test('a log that cannot be rotated is written on, and says so once until it is rotated', async () => {
  const path = folder();
  const file = join(path, 'a.log');
  const lock = `${file}.rotating`;
  // Old enough to be taken away, and a folder is not.
  const block = () => {
    mkdirSync(lock);
    utimesSync(lock, 0, 0);
  };
  block();
  const { log, said, settled } = logAt(file, { ...NEVER, maxBytes: 6 });
  const write = async (word: string) => {
    log.append(word);
    await settled(word);
  };
  for (const word of ['one\n', 'two\n', 'three\n', 'four\n']) await write(word);
  expect([readFileSync(file, 'utf8'), log.dropped]).toEqual(['one\ntwo\nthree\nfour\n', 0]);
  expect(said).toEqual([expect.stringMatching(/^it cannot be rotated and grows: EISDIR/)]);
  rmdirSync(lock);
  await write('five\n');
  expect(rotatedIn(path)).toHaveLength(1);
  block();
  await write('six\n');
  expect(said).toHaveLength(2);
});

test('a file system that knows no birth times has its log rotated by when it was opened', () => {
  const rotation = new LogRotation('a.log', { ...NEVER, maxAgeMs: 60_000 });
  const nowMs = wallMs();
  const isDue = (bornMs: number, openedMs: number) => rotation.isDue({ sizeBytes: 10, bornMs, openedMs }, 10);
  expect([isDue(0, nowMs), isDue(0, nowMs - 60_000), isDue(nowMs - 60_000, nowMs)]).toEqual([
    false,
    true,
    true,
  ]);
});
