import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { drawUser, mixSource, recordedSource, withUser } from '../../src/scenario/mix.ts';
import type { MixEntry } from '../../src/scenario/schema-traffic.ts';

const entry = (path: string, weight = 1): MixEntry => ({
  method: 'GET',
  path,
  weight,
  headers: {},
  body: undefined,
});

const draw = (count: number, seed: number, mix: readonly MixEntry[]): string[] => {
  const source = mixSource(mix);
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => source(random).target);
};

test('requests are drawn by weight', () => {
  const drawn = draw(10_000, 3, [entry('/often', 3), entry('/seldom')]);
  const often = drawn.filter((target) => target === '/often').length;
  expect(often).toBeGreaterThan(7_200);
  expect(often).toBeLessThan(7_800);
});

test('a range draws every number from the first to the last and no other', () => {
  const seen = new Set(draw(2_000, 5, [entry('/orders/{3..6}?page={1..2}')]));
  expect(seen.size).toBe(8);
  for (const target of seen) expect(target).toMatch(/^\/orders\/[3-6]\?page=[12]$/);
});

test('the same seed draws the same requests and another one does not', () => {
  const mix = [entry('/a/{1..1000}'), entry('/b/{1..1000}')];
  expect(draw(50, 9, mix)).toEqual(draw(50, 9, mix));
  expect(draw(50, 9, mix)).not.toEqual(draw(50, 10, mix));
});

test('headers and body of the drawn entry go with it', () => {
  const source = mixSource([{ ...entry('/orders'), method: 'POST', headers: { 'x-a': '1' }, body: '{}' }]);
  expect(source(seededRandom(1))).toEqual({
    method: 'POST',
    target: '/orders',
    headers: ['x-a', '1'],
    body: '{}',
  });
});

test('recorded requests come in their order and from the start again', () => {
  const requests = ['/1', '/2'].map((target) => ({ method: 'GET', target, headers: [], body: null }));
  const source = recordedSource(requests);
  const random = seededRandom(1);
  expect([1, 2, 3].map(() => source(random).target)).toEqual(['/1', '/2', '/1']);
});

test('users are drawn from the seed, all of them, and stand beside other cookies', () => {
  const random = seededRandom(2);
  const users = new Set(Array.from({ length: 500 }, () => drawUser(20, random)));
  expect(users.size).toBe(20);
  expect(withUser(['x-a', '1'], 'user-3')).toEqual(['x-a', '1', 'cookie', 'sid=user-3']);
  expect(withUser(['Cookie', 'a=b', 'x', 'cookie'], 'user-3')).toEqual([
    'Cookie',
    'a=b; sid=user-3',
    'x',
    'cookie',
  ]);
});
