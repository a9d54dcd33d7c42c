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

function delays(answers: readonly object[]): number[] {
  const answer = answerer(answers);
  return Array.from({ length: 20_000 }, (_, index) => answer('GET', '/', `key ${index}`).delayMs);
}

/** The value that a share of all is below. */
const quantile = (all: readonly number[], share: number): number =>
  all.toSorted((one, other) => one - other)[Math.floor(all.length * share)] ?? 0;

test('the same request takes the same time, whoever is asked, and another seed draws anew', () => {
  const [one, other] = [answerer([{ path: '/' }]), answerer([{ path: '/' }])];
  expect(other('GET', '/', 'key 5').delayMs).toBe(one('GET', '/', 'key 5').delayMs);
  expect(answerer([{ path: '/' }], 2)('GET', '/', 'key 5').delayMs).not.toBe(
    one('GET', '/', 'key 5').delayMs,
  );
});

test('the median and the p99 are what the scenario says, and beyond it answers take ever longer', () => {
  const all = delays([{ path: '/', latency: '20ms', p99: '60ms' }]);
  expect(quantile(all, 0.5)).toBeCloseTo(20, 0);
  expect(Math.abs(quantile(all, 0.99) - 60)).toBeLessThan(4);
  expect(Math.max(...all)).toBeGreaterThan(90);
  expect(Math.min(...all)).toBeGreaterThan(3);
});

test('a p99 that is left out is four times the median, and a median of nothing takes no time', () => {
  const ratio = quantile(delays([{ path: '/', latency: '10ms' }]), 0.99) / 10;
  expect(Math.abs(ratio - 4)).toBeLessThan(0.4);
  expect(Math.max(...delays([{ path: '/', latency: '0ms' }]))).toBe(0);
  expect(new Set(delays([{ path: '/', latency: '5ms', p99: '5ms' }]))).toEqual(new Set([5]));
});

test('a p99 below the median is refused, with what would be right', () => {
  const wrong = upstreamSchema.safeParse({ answers: [{ path: '/', latency: '20ms', p99: '10ms' }] });
  expect(wrong.error?.issues[0]).toMatchObject({
    path: ['answers', 0, 'p99'],
    message: expect.stringContaining('no less than the latency'),
  });
});
