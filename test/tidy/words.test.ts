import { expect, test } from 'vitest';
import { banProblems } from './ban-list.ts';
import { filesIn } from './files.ts';
import { nameProblems, testNames } from './test-names.ts';

const source = filesIn('src');
const tests = filesIn('test').filter((file) => !file.path.startsWith('test/tidy/'));
const bans = (path: string, text: string): number => banProblems([{ path, text }]).length;

test('no file uses a banned word or a foreign clock', () => {
  const scripts = [...filesIn('bench'), ...filesIn('bin', ['.js']), ...filesIn('.ci', ['run', '.js'])];
  expect(banProblems([...source, ...tests, ...scripts])).toEqual([]);
});

test('every name of a test is a promise', () => {
  expect(nameProblems(filesIn('test').filter((file) => file.path.endsWith('.test.ts')))).toEqual([]);
});

test('the ban list sees each planted violation', () => {
  expect(bans('src/wire/x.ts', 'const t = Date.now();')).toBe(1);
  expect(bans('src/core/clock.ts', 'return Date.now();')).toBe(0);
  expect(bans('src/wire/x.ts', 'const t = new Date();')).toBe(1);
  expect(bans('src/wire/x.ts', 'new Date(atMs).toISOString()')).toBe(0);
  expect(bans('src/shadow/x.ts', 'if (Math.random() < share)')).toBe(1);
  expect(bans('src/core/x.ts', 'function f(x: any) {}')).toBe(1);
  expect(bans('src/core/x.ts', 'export default f;')).toBe(1);
  expect(bans('src/core/x.ts', ['// TO', 'DO later'].join(''))).toBe(1);
  expect(bans('src/core/index.ts', `export * from './x.ts';`)).toBe(1);
  expect(bans('test/core/x.test.ts', ['test.sk', 'ip(name, f)'].join(''))).toBe(1);
  expect(bans('src/wire/x.ts', 'console.log(1)')).toBe(1);
  expect(bans('src/core/x.ts', ['// @ts', '-ignore'].join(''))).toBe(1);
  expect(bans('src/core/x.ts', '// never Date.now() here')).toBe(0);
  expect(bans('src/core/x.ts', 'export const enum A { b }')).toBe(1);
});

const planted = ['te', `st('NAME', () => {});`].join('');

test('the law on names sees each planted violation', () => {
  const names = (name: string): number =>
    nameProblems([{ path: 'x', text: planted.replace('NAME', name) }]).length;
  expect(names('answers the client when the shadow hangs')).toBe(0);
  expect(names('it should answer the client')).toBe(1);
  expect(names('Answers the client at once')).toBe(1);
  expect(names('parser works')).toBe(1);
  expect(
    testNames(`test.each([1, 2])('one for each of them', f); test(\n  "one of four words", f)`),
  ).toHaveLength(2);
});
