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
  testResults?: readonly { name: string; status: string; assertionResults?: readonly object[] }[];
}

function reportFile(report: Partial<Report> | string): string {
  const file = join(temporary(), 'report.json');
  writeFileSync(file, typeof report === 'string' ? report : JSON.stringify(report));
  return file;
}

function ci(script: string, ...args: (string | number)[]): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [join(root, '.ci', script), ...args.map(String)], {
    encoding: 'utf8',
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

function summary(
  report: Partial<Report> | string,
  ...codes: number[]
): { status: number | null; last: string } {
  const { status, lines } = ci('summary.js', reportFile(report), ...codes);
  return { status, last: lines.at(-1) ?? '' };
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

const flaky: Report = {
  ...green,
  numPassedTests: 11,
  numFailedTests: 1,
  testResults: [
    { name: '/a.test.ts', status: 'failed', assertionResults: [{ status: 'failed', fullName: 'a promise' }] },
    { name: '/b.test.ts', status: 'passed', assertionResults: [{ status: 'passed', fullName: 'another' }] },
  ],
};

test('a test that passes on its second try is named and fails nothing', () => {
  const tried = ci('summary.js', reportFile(flaky), 0, 1, 0, reportFile({ ...green, numPassedTests: 1 }), 0);
  expect(tried).toEqual({
    status: 0,
    lines: ['passed on a second try only, alone: a promise', '12 passed, 0 failed, 0 skipped'],
  });
});

test('a test that fails twice makes the whole run fail', () => {
  const twice = ci('summary.js', reportFile(flaky), 0, 1, 0, reportFile({ ...flaky, numPassedTests: 0 }), 1);
  expect([twice.status, twice.lines.at(-1)]).toEqual([1, '11 passed, 1 failed, 0 skipped']);
  const nothing = ci('summary.js', reportFile(flaky), 0, 1, 0, reportFile(''), 0);
  expect(nothing.status).toBe(1);
});

test('only the files that failed are tried again, and only a few', () => {
  expect(ci('second-try.js', reportFile(flaky))).toEqual({ status: 0, lines: ['/a.test.ts'] });
  expect(ci('second-try.js', reportFile(green)).status).toBe(1);
  expect(ci('second-try.js', reportFile('')).status).toBe(1);
  const many = ['1', '2', '3', '4'].map((name) => ({ name, status: 'failed' }));
  expect(ci('second-try.js', reportFile({ ...flaky, testResults: many })).status).toBe(1);
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
