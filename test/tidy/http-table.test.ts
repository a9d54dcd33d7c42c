import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { filesIn, read, root } from './files.ts';

const text = read('docs/http.md');
/** Rows of the tables of rules; headings and rules under them are left out. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '))
  .filter(([rule]) => rule !== 'rule' && rule !== '---');

test('every rule of HTTP names a test that exists', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter((cells) => cells.length !== 4)).toEqual([]);
  const named = rows.map((cells) => cells[3] ?? '');
  expect(named.filter((file) => !file.endsWith('.test.ts') || !existsSync(join(root, 'test', file)))).toEqual(
    [],
  );
});

test('every test of HTTP semantics stands beside a rule', () => {
  const files = filesIn('test/gateway/semantics').map(({ path }) => path.replace('test/', ''));
  const tests = files.filter((path) => path.endsWith('.test.ts'));
  expect(tests.filter((path) => !rows.some((cells) => cells[3] === path))).toEqual([]);
});

test('the figures in the table of HTTP are those of the limits', () => {
  for (const figure of [
    `${LIMITS.pipelineBytes / 1024} KiB wait at the most`,
    `silence of them for ${LIMITS.halfCloseGraceMs / 1000} s`,
    `the ${LIMITS.informsPerAnswer + 1}th before one answer`,
    `\`timeouts.tunnelIdle\` (${LIMITS.tunnelIdleMs / 60_000} min)`,
    `${LIMITS.tunnels.toLocaleString('en')} a worker`,
  ]) {
    expect(text).toContain(figure);
  }
});
