import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32 } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { SeenSet } from '../../src/telemetry/seen-set.ts';

const MIB = 1024 * 1024;

/** Adds a key as users are added. */
function add(set: SeenSet, key: string): string {
  return set.add(hash32(key, 1), hash32(key, 2));
}

test('never calls a user new twice, and tells as many apart as a Set does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 600 }), (users) => {
      const set = new SeenSet();
      const plain = new Set<number>();
      for (const user of users) {
        expect(add(set, `user-${user}`)).toBe(plain.has(user) ? 'seen' : 'new');
        plain.add(user);
      }
      expect(set.size).toBe(plain.size);
    }),
  );
});

test('a million users over several parts are counted to within one in a thousand, never too many', () => {
  const set = new SeenSet();
  const users = 1_000_000;
  for (let user = 0; user < users; user += 1) add(set, `u${user}`);
  expect(set.size).toBeLessThanOrEqual(users);
  expect(set.size).toBeGreaterThan(users * 0.999);
  for (let user = 0; user < users; user += 37) expect(add(set, `u${user}`)).toBe('seen');
});

test('takes memory by and by: nothing for nobody, little for few', () => {
  const set = new SeenSet();
  expect(set.bytes).toBe(0);
  add(set, 'first');
  expect(set.bytes).toBeLessThan(MIB / 2);
  for (let user = 0; user < 2 * LIMITS.cohortFirstMarks; user += 1) add(set, `u${user}`);
  expect(set.bytes).toBeLessThan(2 * MIB);
});

test('says that it is full instead of forgetting somebody', () => {
  const set = new SeenSet(1_000);
  for (let user = 0; user < 1_000; user += 1) expect(add(set, `u${user}`)).not.toBe('full');
  const known = set.size;
  const more = Array.from({ length: 500 }, (_, user) => add(set, `more-${user}`));
  expect(more.filter((mark) => mark === 'new').length).toBe(1_000 - known);
  expect(more.filter((mark) => mark === 'full').length).toBeGreaterThan(490);
  expect(add(set, 'u17')).toBe('seen');
});
