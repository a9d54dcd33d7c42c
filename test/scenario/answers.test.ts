import { expect, test } from 'vitest';
import { answererOf } from '../../src/scenario/answers.ts';
import { upstreamSchema } from '../../src/scenario/schema-upstreams.ts';

const answerer = (answers: readonly object[], seed = 1) =>
  answererOf(upstreamSchema.parse({ answers }).answers ?? [], seed);
const text = (answer: { readonly body: Buffer }): string => answer.body.toString();

test('the first answer whose method and path fit is given, else 404', () => {
  const answer = answerer([
    { method: 'POST', path: '/orders', status: 201, text: 'made' },
    { path: '/orders/{id}', json: { id: '{id}', list: ['order {id}'] } },
    { path: '/files/', bytes: '10B' },
  ]);
  expect(answer('POST', '/orders', '')).toMatchObject({ status: 201 });
  expect(answer('GET', '/orders', '').status).toBe(404);
  expect(text(answer('GET', '/orders/7?a=b', ''))).toBe('{"id":"7","list":["order 7"]}');
  expect(answer('GET', '/orders/7/lines', '').status).toBe(404);
  expect(answer('GET', '/files/a/b', '').body).toHaveLength(10);
});

test('a HEAD is answered as the GET it stands for', () => {
  const answer = answerer([{ method: 'GET', path: '/a', text: 'yes' }]);
  expect(answer('HEAD', '/a', '').status).toBe(200);
  expect(answer('PUT', '/a', '').status).toBe(404);
});

test('the type of the body is said unless the scenario says another, and 204 has none', () => {
  const answer = answerer([
    { path: '/a', json: 1 },
    { path: '/b', json: 1, headers: { 'content-type': 'application/problem+json' } },
    { path: '/c', status: 204 },
  ]);
  expect(answer('GET', '/a', '').headers).toEqual({ 'content-type': 'application/json' });
  expect(answer('GET', '/b', '').headers).toEqual({ 'content-type': 'application/problem+json' });
  expect(answer('GET', '/c', '')).toMatchObject({ headers: {}, body: Buffer.alloc(0) });
});

test('the same request takes the same time, and the median is what the scenario says', () => {
  const answer = answerer([{ path: '/', latency: '20ms', spread: '5ms' }]);
  const delays = Array.from({ length: 2_001 }, (_, index) => answer('GET', '/', `key ${index}`).delayMs);
  expect(answer('GET', '/', 'key 5').delayMs).toBe(delays[5]);
  delays.sort((a, b) => a - b);
  expect(delays[0]).toBeGreaterThanOrEqual(15);
  expect(delays.at(-1)).toBeLessThanOrEqual(25);
  expect(Math.abs((delays[1_000] ?? 0) - 20)).toBeLessThan(0.5);
  expect(answerer([{ path: '/', latency: '20ms', spread: '5ms' }], 2)('GET', '/', 'key 5').delayMs).not.toBe(
    delays[5],
  );
});
