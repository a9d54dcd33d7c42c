import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const bin = join(import.meta.dirname, '../../bin/cutover.js');

/** Loaded before the guard, it makes this Node say that it is Node 20. */
const PRETEND_20 = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})`;

/** Stands for the program: says where and under what it runs, and ends as it is told. */
const STUB = `
const [how] = process.argv.slice(2);
if (how === 'exit') process.exitCode = 7;
if (how === 'wait') {
  process.on('SIGTERM', () => { console.log('got SIGTERM'); process.exit(143); });
  setTimeout(() => process.exit(9), 20_000);
}
console.log(JSON.stringify({ argv: process.argv.slice(2), pinned: process.env.PINNED === '1', file: import.meta.url }));
if (how === 'kill') process.kill(process.pid, 'SIGKILL');
`;

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

interface Layout {
  /** The package inside a temporary directory. */
  readonly at?: string;
  /** node_modules with the runtime, or null for none. */
  readonly runtime?: string | null;
  readonly entry?: string | null;
}

function install({ at = '.', runtime = 'node_modules', entry = 'src/cli/main.ts' }: Layout): string {
  const home = mkdtempSync(join(tmpdir(), 'cutover-guard-'));
  made.push(home);
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), text);
  };
  put(join(at, 'package.json'), '{"type":"module"}');
  put(join(at, 'bin/.keep'), '');
  copyFileSync(bin, join(home, at, 'bin/cutover.js'));
  if (entry !== null) put(join(at, entry), STUB);
  if (runtime !== null) {
    put(join(runtime, 'node/bin/.keep'), '');
    const pinned = join(home, runtime, 'node/bin/node');
    writeFileSync(pinned, `#!/bin/sh\nPINNED=1 exec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  }
  return join(home, at, 'bin/cutover.js');
}

function start(file: string, args: readonly string[], old = true) {
  const before = old ? ['--import', PRETEND_20] : [];
  return spawnSync(process.execPath, [...before, file, ...args], { encoding: 'utf8' });
}

test('a Node that is new enough runs the sources of a checkout', () => {
  const { status, stdout } = start(install({ runtime: null }), ['status', '--json'], false);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ argv: ['status', '--json'], pinned: false });
});

test('an installed package without sources runs what was built', () => {
  const { stdout } = start(install({ entry: 'dist/cli/main.js', runtime: null }), ['x'], false);
  expect((JSON.parse(stdout) as { file: string }).file).toMatch(/dist\/cli\/main\.js$/);
});

test('an old Node hands over to the pinned runtime with all arguments', () => {
  const { status, stdout, stderr } = start(install({}), ['check', '-c', 'a b.yaml']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    argv: ['check', '-c', 'a b.yaml'],
    pinned: true,
  });
});

test('the pinned runtime is found when it was hoisted', () => {
  const { status, stdout } = start(install({ at: 'node_modules/cutover', entry: 'dist/cli/main.js' }), ['x']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ pinned: true });
});

test('an old Node without the pinned runtime gets one clear error', () => {
  const { status, stdout, stderr } = start(install({ runtime: null }), ['status']);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(
    /^error: Cutover needs Node 24 or newer, this is 20\.19\.0, .*\n {2}hint: npm ci.*\n$/,
  );
});

test('a package with neither sources nor build says how to make one', () => {
  const { status, stderr } = start(install({ entry: null, runtime: null }), [], false);
  expect(status).toBe(2);
  expect(stderr).toContain('npm run build');
});

test('the exit code of the program is the exit code of the guard', () => {
  expect(start(install({}), ['exit']).status).toBe(7);
});

test('a program that is killed takes the guard with it', () => {
  expect(start(install({}), ['kill']).signal).toBe('SIGKILL');
});

test('a signal to the guard reaches the program', async () => {
  const child = spawn(process.execPath, ['--import', PRETEND_20, install({}), 'wait']);
  let printed = '';
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      resolve();
    });
  });
  child.kill('SIGTERM');
  expect(await ended).toBe(143);
  expect(printed).toContain('got SIGTERM');
});

test('the guard is written in words an old Node understands', () => {
  const code = readFileSync(bin, 'utf8').replaceAll(/^\s*(\/\/|\/\*\*).*$/gm, '');
  expect(code).not.toMatch(/^import[\s{*]/m);
  expect(code).not.toMatch(/\?\.|\?\?|\bawait\b|node:|#\w|\d_\d|\.at\(|replaceAll/);
});
