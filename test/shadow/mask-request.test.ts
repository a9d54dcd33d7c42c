import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { maskRequest } from '../../src/shadow/mask-request.ts';
import { pairOf } from '../diff/kit.ts';

function masked(target: string, fields: string[][], host = 'shop.example') {
  const { legacy: _, candidate: __, ...subject } = pairOf({}, {}, { target });
  return maskRequest({ ...subject, host, fields: new HeaderFields(fields.flat()) });
}

test('nothing that names a person or opens a door is in an example', () => {
  const { target, request = [] } = masked('/u/ann@example.com/orders?card=4111111111111111&q=shoes', [
    ['Authorization', 'Bearer abcdefgh'],
    ['Cookie', 'sid=1; theme=dark'],
    ['X-Api-Key', 'k'],
    ['X-Session-Token', 't'],
    ['Referer', 'https://shop.example/search?q=my-illness'],
    ['X-Note', 'mail ann@example.com, card 4111 1111 1111 1111'],
    ['X-Jwt', 'eyJhbGciOiJIUzI1NiJ9.e30.abcdefghijk'],
    ['X-Forwarded-For', '203.0.113.7'],
    ['X-Real-IP', '203.0.113.7'],
    ['Accept-Language', 'de'],
  ]);
  const text = JSON.stringify([target, request]);
  for (const secret of ['ann@', '4111', 'abcdefgh', 'sid=1', 'illness', 'shoes', '203.0.113.7', 'eyJ']) {
    expect(text).not.toContain(secret);
  }
  expect(request).toContainEqual(['accept-language', 'de']);
  expect(request).toContainEqual(['host', 'shop.example']);
  expect(request).toContainEqual(['authorization', '‹masked:field›']);
  expect(request).toContainEqual(['referer', '‹masked:field›']);
});

test('what an answer is chosen by is shown, and no other field has a value', () => {
  const shown = [
    ['accept', 'text/html'],
    ['accept-encoding', 'gzip, br'],
    ['content-type', 'application/json'],
    ['user-agent', 'curl/8.0'],
    ['range', 'bytes=0-9'],
    ['cache-control', 'no-cache'],
    ['if-none-match', '"v1"'],
    ['x-requested-with', 'XMLHttpRequest'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'shop.example'],
  ];
  const others = ['x-customer', 'x-tenant', 'sec-fetch-mode', 'origin', 'if-person', 'accept-me'];
  const dropped = [
    'traceparent',
    'x-b3-spanid',
    'x-forwarded-for',
    'true-client-ip',
    'baggage',
    'x-request-id',
  ];
  const { request } = masked('/', [...shown, ...[...others, ...dropped].map((name) => [name, 'Ann Smith'])]);
  expect(request).toEqual([
    ['host', 'shop.example'],
    ...shown,
    ...others.map((name) => [name, '‹masked:field›']),
  ]);
  expect(masked('/', [['User-Agent', 'bot ann@example.com']]).request?.[1]).toEqual([
    'user-agent',
    'bot ‹masked:email›',
  ]);
});

test('an example keeps so many fields and no more, and none that drives a terminal', () => {
  const many = Array.from({ length: 90 }, (_, index) => [`X-${index}`, 'v\u001b[2J']);
  const { request = [] } = masked('/', many);
  expect(request).toHaveLength(LIMITS.exampleFields);
  expect(JSON.stringify(request)).not.toContain('\\u001b');
});
