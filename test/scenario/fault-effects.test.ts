import { expect, test } from 'vitest';
import type { ReadyAnswer } from '../../src/scenario/answers.ts';
import { withFaults } from '../../src/scenario/fault-effects.ts';
import type { Effect } from '../../src/scenario/fault-effects.ts';
import { faultSchema } from '../../src/scenario/schema-faults.ts';

const ANSWER: ReadyAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"total":10.5,"items":[{"sku":"a"}]}'),
  delayMs: 5,
};

const effect = (faults: readonly object[], request: object = {}): Effect =>
  withFaults(
    ANSWER,
    faults.map((fault, number) => ({ number, fault: faultSchema.parse({ target: 'candidate', ...fault }) })),
    { path: '/orders/1', key: 'k', seed: 7, ...request },
  );

const answered = (faults: readonly object[], request: object = {}): ReadyAnswer => {
  const result = effect(faults, request);
  return result.kind === 'answer' ? result.answer : expect.unreachable(result.kind);
};

test('latency is added or grows by a share, an error replaces status and body', () => {
  expect(answered([{ kind: 'latency', delay: '200ms' }]).delayMs).toBe(205);
  expect(answered([{ kind: 'latency', slower: '20%' }]).delayMs).toBe(6);
  expect(faultSchema.safeParse({ target: 'a', kind: 'latency' }).success).toBe(false);
  expect(faultSchema.safeParse({ target: 'a', kind: 'latency', slower: '1%', delay: '1s' }).success).toBe(
    false,
  );
  const failed = answered([{ kind: 'error', status: 503 }]);
  expect(failed).toMatchObject({ status: 503, delayMs: 5 });
  expect(failed.body.toString()).not.toContain('total');
});

test('a field is changed or removed at its JSON Pointer and the rest stays', () => {
  const changed = answered([{ kind: 'field', pointer: '/items/0/sku', value: 'b' }]);
  expect(JSON.parse(changed.body.toString())).toEqual({ total: 10.5, items: [{ sku: 'b' }] });
  expect(JSON.parse(answered([{ kind: 'field', pointer: '/total' }]).body.toString())).toEqual({
    items: [{ sku: 'a' }],
  });
  expect(answered([{ kind: 'field', pointer: '/a/b', value: 1 }]).body).toEqual(ANSWER.body);
});

test('a hang and a reset leave no answer', () => {
  expect(effect([{ kind: 'hang' }])).toEqual({ kind: 'hang' });
  expect(effect([{ kind: 'latency', delay: '1s' }, { kind: 'reset' }])).toEqual({ kind: 'reset' });
});

test('only requests below its path are hit', () => {
  const fault = { kind: 'hang', path: '/orders' };
  expect(effect([fault]).kind).toBe('hang');
  expect(effect([fault], { path: '/users/1' }).kind).toBe('answer');
});

const hitKeys = (share: string, seed: number, number = 0): string[] => {
  const others = Array.from({ length: number }, () => ({ kind: 'latency', delay: '0ms' }));
  const keys = Array.from({ length: 5_000 }, (_, index) => `/orders/${index % 50} 0.${index}`);
  return keys.filter((key) => effect([...others, { kind: 'hang', share }], { key, seed }).kind === 'hang');
};

test('a fault hits its share of the requests, the same ones in every run', () => {
  const hit = hitKeys('10%', 7);
  expect(hit.length).toBeGreaterThan(430);
  expect(hit.length).toBeLessThan(570);
  expect(hitKeys('10%', 7)).toEqual(hit);
  expect(hitKeys('10%', 8)).not.toEqual(hit);
});

test('a larger share keeps those that a smaller one hits, and two faults hit different ones', () => {
  const [few, many] = [hitKeys('1%', 7), new Set(hitKeys('10%', 7))];
  expect(few.every((key) => many.has(key))).toBe(true);
  const other = hitKeys('10%', 7, 1);
  expect(other.filter((key) => many.has(key)).length).toBeLessThan(other.length / 4);
});
