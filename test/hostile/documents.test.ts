import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const here = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
const attacks = here.filter((name) => name !== 'documents.test.ts');
const document = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');

test('the table of attacks names every test file, and each exists', () => {
  const named = [...document.matchAll(/\| `([a-z0-9-]+\.test\.ts)` \|/g)].map((match) => match[1] ?? '');
  expect(named.toSorted()).toEqual(attacks.toSorted());
});

test('every file opens with the attack, where it is known from, why it works and what is done', () => {
  for (const name of attacks) {
    const text = readFileSync(new URL(name, import.meta.url), 'utf8');
    const opening = text.slice(0, text.indexOf('*/'));
    expect(opening, name).toMatch(
      /^\/\*\*\n \* Attack: [^]*\n \* Known from: [^]*\n \* Why it works: [^]*\n \* Cutover: /,
    );
  }
});
