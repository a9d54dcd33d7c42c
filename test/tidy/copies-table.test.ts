import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { INELIGIBLE } from '../../src/core/observation.ts';
import { read } from './files.ts';

const text = read('docs/copies.md');

test('every reason why a request is not copied is explained, and no other', () => {
  const explained = [...text.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, reason]) => reason);
  expect(new Set(explained)).toEqual(new Set<string | undefined>(INELIGIBLE));
});

test('the figures about silent lanes are those of the limits', () => {
  const flat = text.replaceAll('\n', ' ');
  expect(flat).toContain(`After ${LIMITS.silentCopies} copies in a row`);
  expect(flat).toContain(`gets ${LIMITS.copiesToSilentLane} at once`);
});
