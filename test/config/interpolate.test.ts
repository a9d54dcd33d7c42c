import { expect, test } from 'vitest';
import { SMALLEST, compiled, told } from './kit.ts';

test('puts variables in, with defaults and dollar signs', () => {
  const text = `${SMALLEST}runDir: /srv/\${NAME}/\${OTHER:-here}/$$x/\${EMPTY:-full}\nnode: { region: "\${REGION}" }\n`;
  const { node, gateway } = compiled(text, { NAME: 'a', REGION: 'eu', EMPTY: '' });
  expect(node.runDir).toBe('/srv/a/here/$x/full');
  expect(gateway.nodeRegion).toBe('eu');
});

test('gives a plain scalar its type after interpolation and leaves a quoted one text', () => {
  expect(
    compiled(`${SMALLEST}workers: \${N}\nexplainHeaders: \${ON}\n`, { N: '3', ON: 'true' }).node.workers,
  ).toBe(3);
  expect(told(`${SMALLEST}workers: "\${N}"\n`, { N: '3' })).toEqual([
    '4:10 expected a whole number | write a number from 1 to 64',
  ]);
});

test('never lets a value become structure', () => {
  const { node } = compiled(`${SMALLEST}runDir: \${X}\n`, { X: '/a\nworkers: 9' });
  expect(node.runDir).toBe('/a\nworkers: 9');
  expect(node.workers).not.toBe(9);
});

test('does not read a variable from the prototype of the environment', () => {
  expect(told(`${SMALLEST}runDir: \${constructor}\n`)).toHaveLength(1);
});

test('refuses a variable that it cannot read', () => {
  expect(told(`${SMALLEST}runDir: \${A-b}\n`, { A: 'x' })).toEqual([
    '4:9 this variable cannot be read | write ${NAME}, ${NAME:-default}, or $$ for a dollar sign',
  ]);
});
