import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { root } from './files.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-ci-'));
  made.push(directory);
  return directory;
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
}

function summary(
  report: Partial<Report> | string,
  ...codes: number[]
): { status: number | null; last: string } {
  const file = join(temporary(), 'report.json');
  writeFileSync(file, typeof report === 'string' ? report : JSON.stringify(report));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, '.ci/summary.js'), file, ...codes.map(String)],
    { encoding: 'utf8' },
  );
  return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

const green: Report = { numPassedTests: 12, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

test('a green run ends with its counts and exit code 0', () => {
  expect(summary(green, 0, 0, 0)).toEqual({ status: 0, last: '12 passed, 0 failed, 0 skipped' });
});

test('a skipped test makes the whole run fail', () => {
  expect(summary({ ...green, numPendingTests: 2 }, 0, 0, 0)).toEqual({
    status: 1,
    last: '12 passed, 0 failed, 2 skipped',
  });
  expect(summary({ ...green, numTodoTests: 1 }, 0, 0, 0).status).toBe(1);
});

test('a failed step makes the whole run fail', () => {
  expect(summary(green, 1, 0, 0).status).toBe(1);
  expect(summary(green, 0, 1, 0).status).toBe(1);
  expect(summary(green, 0, 0, 1).status).toBe(1);
  expect(summary({ ...green, numFailedTests: 1 }, 0, 0, 0).status).toBe(1);
});

test('a run without any result counts as failed', () => {
  expect(summary('', 0, 1, 0)).toEqual({ status: 1, last: '0 passed, 0 failed, 0 skipped' });
  expect(summary({ ...green, numPassedTests: 0 }, 0, 0, 0).status).toBe(1);
});

test('the lock script restores what npm drops and changes nothing else', () => {
  const directory = temporary();
  mkdirSync(join(directory, '.ci'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  copyFileSync(join(root, '.ci/fix-lock.js'), join(directory, '.ci/fix-lock.js'));
  const original = readFileSync(join(root, 'package-lock.json'), 'utf8');
  writeFileSync(join(directory, 'package-lock.json'), original.replace(/,\s*"gypfile": false/, ''));
  expect(readFileSync(join(directory, 'package-lock.json'), 'utf8')).not.toContain('gypfile');
  const script = join(directory, '.ci/fix-lock.js');
  for (let run = 0; run < 2; run += 1) expect(spawnSync(process.execPath, [script]).status).toBe(0);
  expect(readFileSync(join(directory, 'package-lock.json'), 'utf8')).toBe(original);
});
