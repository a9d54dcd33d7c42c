import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { agree } from '../../src/diff/agree.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { type AnswerSketch, pairOf } from './kit.ts';

const NAMES =
  'Date Server ETag Expires Set-Cookie set-cookie Content-Length Content-Type Content-Encoding X-Request-Id Vary Last-Modified X-A Location';
const VALUES = [
  'Tue, 24 Nov 2026 19:48:08 GMT',
  'Tue, 24 Nov 2026 19:48:09 GMT',
  'Wed, 25 Nov 2026 00:00:00 GMT',
  'sid=1; Expires=Tue, 24 Nov 2026 19:48:08 GMT',
  'sid=1; Path=/',
  '"tag"',
  '""',
  '',
  '0',
  '12',
  'gzip',
  'identity',
  'a, b',
  'b, a',
];
const field: fc.Arbitrary<[string, string]> = fc.tuple(
  fc.constantFrom(...NAMES.split(' ')),
  fc.constantFrom(...VALUES),
);
const fields = fc.array(field, { maxLength: 6 });
interface Variant {
  readonly order: readonly number[];
  readonly edit: readonly [at: number, by: [string, string] | null] | null;
  readonly lower: boolean;
  readonly body: string;
}
const edit: fc.Arbitrary<[at: number, by: [string, string] | null]> = fc.tuple(fc.nat(5), fc.option(field));
/** What another server makes of the same fields: another order and case, some of them gone, added or other. */
const variant: fc.Arbitrary<Variant> = fc.record({
  order: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
  edit: fc.option(edit),
  lower: fc.boolean(),
  body: fc.constantFrom('same', 'same', 'same', 'other'),
});

function vary(list: [string, string][], { order, edit, lower }: Variant) {
  const sorted = list
    .map((each, index) => ({ each, key: order[index] ?? 0 }))
    .toSorted((a, b) => a.key - b.key);
  const all = sorted.map(({ each }) => each);
  if (edit !== null) all.splice(edit[0], 1, ...(edit[1] === null ? [] : [edit[1]]));
  return all.map(([name, value]): [string, string] => [lower ? name.toLowerCase() : name, value]);
}

test('two answers that plainly agree have no difference for the whole comparison either', () => {
  let agreed = 0;
  fc.assert(
    fc.property(
      fields,
      variant,
      fc.constantFrom('GET', 'HEAD'),
      fc.constantFrom(200, 204, 304, 404, 500, 0),
      fc.boolean(),
      (list, other, method, status, conditional) => {
        const pair = pairOf(
          { status, fields: list.flat(), body: 'same' },
          { status, fields: vary(list, other).flat(), body: other.body },
          { method, conditional },
        );
        if (!agree(pair)) return;
        agreed += 1;
        expect(comparePair(pair).found).toBe(0);
      },
    ),
    { numRuns: 20_000 },
  );
  expect(agreed).toBeGreaterThan(2_000);
});

const NGINX =
  'Server|nginx|Date|Tue, 24 Nov 2026 19:48:08 GMT|Content-Type|text/html|Content-Length|1|ETag|"6920"'
    .concat('|X-Request-Id|one')
    .split('|');
const OTHER = 'content-type|text/html|x-request-id|two|etag|W/"1-x"|date|Tue, 24 Nov 2026 19:48:09 GMT'
  .concat('|transfer-encoding|chunked')
  .split('|');
const plainly = (legacy: AnswerSketch, candidate: AnswerSketch, method = 'GET') =>
  agree(pairOf(legacy, candidate, { method }));

test('the same page of two kinds of servers agrees without being parsed', () => {
  expect(plainly({ fields: NGINX, body: 'a' }, { fields: OTHER, body: 'a' })).toBe(true);
});

test.each([
  ['another body', { fields: NGINX, body: 'b' }],
  ['another status', { fields: NGINX, body: 'a', status: 201 }],
  ['a lost validator', { fields: NGINX.slice(0, 8), body: 'a' }],
  ['an added field', { fields: [...NGINX, 'X-New', '1'], body: 'a' }],
  ['an added cookie', { fields: [...NGINX, 'Set-Cookie', 'a=1'], body: 'a' }],
])('%s is left to the comparison', (_what, candidate) => {
  expect(plainly({ fields: NGINX, body: 'a' }, candidate)).toBe(false);
});

test('two failures of the same bytes never agree', () => {
  expect(plainly({ status: 502, body: 'a' }, { status: 502, body: 'a' })).toBe(false);
});

test('a body that was not kept agrees with nothing', () => {
  const pair = pairOf({ body: '' }, { body: '' });
  expect(agree({ ...pair, legacy: { ...pair.legacy, bodyBytes: 9 } })).toBe(false);
});

test('a HEAD that names another length is left to the comparison', () => {
  const length = (bytes: string) => ({ fields: ['Content-Length', bytes] });
  expect([plainly(length('1'), length('2')), plainly(length('1'), length('2'), 'HEAD')]).toEqual([
    true,
    false,
  ]);
});

test('a cookie that has run out for one lane only is left to the comparison', () => {
  const cookie = ['Set-Cookie', `sid=1; Expires=${VALUES[0]}`];
  const at = (date: string) => ({ fields: ['Date', date, ...cookie] });
  expect(plainly(at('Tue, 24 Nov 2026 19:48:07 GMT'), at(VALUES[1] as string))).toBe(false);
});
