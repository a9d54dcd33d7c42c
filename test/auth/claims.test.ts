import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimAt, claimField, claimHas, claimKey, satisfies } from '../../src/auth/claims.ts';
import { LIMITS } from '../../src/core/limits.ts';

test('a claim is found by its name and by the way to it, and nothing that is inherited is one', () => {
  const claims = { a: { b: { c: 1 } }, 'a.b': 2, 'https://x.example/roles': ['y'], list: [{ d: 1 }] };
  expect(claimAt(claims, 'a.b')).toBe(2);
  expect(claimAt(claims, 'a.b.c')).toBe(1);
  expect(claimAt(claims, 'https://x.example/roles')).toEqual(['y']);
  for (const none of [
    'toString',
    '__proto__',
    'constructor.name',
    'a.constructor',
    'list.0',
    'list.length',
    'a.',
    '.a',
  ])
    expect([none, claimAt(claims, none)]).toEqual([none, undefined]);
});

test('rules look at types, at whole words and at elements', () => {
  const claims = { scope: 'read orders', roles: ['admin', 7], level: 3, mail: true, none: null, text: '3' };
  const holds = (rule: Parameters<typeof satisfies>[1]): boolean => satisfies(claims, rule);
  expect(holds({ claim: 'scope', contains: 'orders' })).toBe(true);
  expect(holds({ claim: 'scope', contains: 'order' })).toBe(false);
  expect(holds({ claim: 'scope', contains: 'read orders' })).toBe(false);
  expect(holds({ claim: 'roles', contains: 'admin' })).toBe(true);
  expect(holds({ claim: 'roles', contains: '7' })).toBe(false);
  expect(holds({ claim: 'level', oneOf: [2, 3] })).toBe(true);
  expect(holds({ claim: 'text', oneOf: [3] })).toBe(false);
  expect(holds({ claim: 'mail', oneOf: [true] })).toBe(true);
  expect(holds({ claim: 'mail', oneOf: ['true'] })).toBe(false);
  expect(holds({ claim: 'roles', oneOf: ['admin'] })).toBe(false);
  for (const claim of ['none', 'absent']) expect(holds({ claim, exists: true })).toBe(false);
  expect(holds({ claim: 'level', exists: true })).toBe(true);
});

test('a number that was rounded when it was read names nobody and meets no rule', () => {
  const [ada, bob] = [
    '{"id":9007199254740993,"ids":[9007199254740993]}',
    '{"id":9007199254740992,"ids":[1]}',
  ].map((text) => JSON.parse(text) as { id: number; ids: number[] }) as [
    { id: number; ids: number[] },
    { id: number },
  ];
  expect(ada.id).toBe(bob.id);
  for (const claims of [ada, bob]) {
    expect([claimField(claims, 'id'), claimKey(claims, 'id')]).toEqual([null, null]);
    expect(claimHas(claims, 'id', '9007199254740992')).toBe(false);
    expect(satisfies(claims, { claim: 'id', oneOf: [bob.id] })).toBe(false);
    expect(satisfies(claims, { claim: 'ids', contains: bob.id })).toBe(false);
  }
  const exact = { id: Number.MAX_SAFE_INTEGER, half: 1.5 };
  expect([claimField(exact, 'id'), claimField(exact, 'half')]).toEqual(['9007199254740991', '1.5']);
  expect(satisfies(exact, { claim: 'id', oneOf: [exact.id] })).toBe(true);
});

test('a claim in a header is the claim itself or nothing, whatever is in it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.string()), fc.jsonValue()), (value) => {
      const field = claimField({ x: value }, 'x');
      if (field === null) return;
      expect(field).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
      expect(field.length).toBeLessThanOrEqual(LIMITS.claimChars);
      const parts = Array.isArray(value) && value.length > 1 ? field.split(',') : [field];
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      expect(parts).toEqual(list.map(String));
    }),
    { numRuns: 2_000 },
  );
});

test('a match asks for the text or an element, and a key names one user or nobody', () => {
  const claims = { groups: ['staff', 7], one: 'staff', deep: { sub: 'ada' }, empty: '', object: {} };
  expect(['staff', '7', 'sta'].map((text) => claimHas(claims, 'groups', text))).toEqual([true, true, false]);
  expect(claimHas(claims, 'one', 'staff')).toBe(true);
  expect(['deep.sub', 'empty', 'object', 'groups', 'absent'].map((path) => claimKey(claims, path))).toEqual([
    'ada',
    null,
    null,
    null,
    null,
  ]);
});
