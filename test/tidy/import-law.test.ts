import { expect, test } from 'vitest';
import { filesIn } from './files.ts';
import { ROOMS, importProblems, importsOf, loadedBy } from './import-law.ts';

const files = filesIn('src');
const breaks = (path: string, text: string): number => importProblems([{ path, text }]).length;

test('every import of src goes to its own room or to the left', () => {
  expect(importProblems(files)).toEqual([]);
});

test('every directory of src is one of the rooms', () => {
  const rooms = new Set(files.map((file) => file.path.split('/')[1]));
  expect([...rooms].filter((room) => !(ROOMS as readonly string[]).includes(room as string))).toEqual([]);
});

test('a worker process loads no file of the supervisor side', () => {
  const rooms = ['core', 'wire', 'auth', 'telemetry', 'shadow', 'gateway', 'diff', 'control'];
  const loaded = loadedBy('src/control/worker.ts', files);
  expect(loaded.filter((path) => !rooms.includes(path.split('/')[1] as string))).toEqual([]);
  expect(loaded.filter((path) => /from '(zod|yaml|better-sqlite3|commander)'/.test(textOf(path)))).toEqual(
    [],
  );
});

const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? '';

test('the law sees every way to write an import', () => {
  const text = `import { a } from './a.ts';\nimport type { B } from "./b.ts";\nexport { c } from './c.ts';
import './d.ts';\nconst e = await import('./e.ts');\nlet f: import('./f.ts').F;\nimport {\n  g,\n} from './g.ts';`;
  expect(importsOf(text).map((each) => each[2])).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(importsOf(`['name', 'from'], 'x'; array.from('y'); 'take it from', './x'`)).toEqual([]);
});

test('the law refuses a planted import to the right, also of a type', () => {
  expect(breaks('src/wire/x.ts', `import type { Config } from '../config/load.ts';`)).toBe(1);
  expect(breaks('src/rollout/x.ts', `import { x } from '../store/x.ts';`)).toBe(1);
  expect(breaks('src/gateway/x.ts', `import { x } from '../rollout/state.ts';`)).toBe(1);
  expect(breaks('src/control/worker.ts', `import { x } from '../store/x.ts';`)).toBe(1);
  expect(breaks('src/cli/x.ts', `import { x } from '../core/ids.ts';`)).toBe(0);
});

test('the law refuses a planted library in the wrong room', () => {
  expect(breaks('src/gateway/x.ts', `import { fetch } from 'undici';`)).toBe(1);
  expect(breaks('src/gateway/https-origin.ts', `import { Agent } from 'undici';`)).toBe(0);
  expect(breaks('src/cli/x.ts', `import { z } from 'zod';`)).toBe(1);
  expect(breaks('src/core/x.ts', `import pad from 'left-pad';`)).toBe(1);
  expect(breaks('src/diff/x.ts', `import { readFileSync } from 'node:fs';`)).toBe(1);
  expect(breaks('src/wire/x.ts', `import { request } from 'node:http';`)).toBe(1);
  expect(breaks('src/core/x.ts', `import { y } from './y.js';`)).toBe(1);
});
