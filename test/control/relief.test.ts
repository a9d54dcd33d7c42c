import { expect, test } from 'vitest';
import { takesAway } from '../../src/control/steering.ts';
import { at } from '../rollout/fixtures.ts';

test('only what takes clients away from the candidate is a relief', () => {
  const bypassed = { ...at('regional', 1), bypass: true };
  expect(takesAway(at('regional', 1), bypassed)).toBe(true);
  expect(takesAway(at('regional', 1), at('regional', 0))).toBe(true);
  expect(takesAway(at('canary', 0), at('shadow', 0))).toBe(true);
  expect(takesAway(at('canary', 0), at('regional', 0))).toBe(false);
});

test('where the candidate answers nobody, nobody is relieved and no worker is killed for being slow', () => {
  const shadow = at('shadow', 0);
  expect(takesAway(shadow, { ...shadow, bypass: true })).toBe(false);
  const bypassed = { ...at('enforce', 0), bypass: true };
  expect(takesAway(bypassed, { ...at('canary', 0), bypass: true })).toBe(false);
});
