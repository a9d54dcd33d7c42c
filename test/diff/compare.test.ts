import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { type AnswerSketch, classes, compare, first, pairOf } from './kit.ts';

const html = ['Content-Type', 'text/html; charset=utf-8'];
const plainText = ['Content-Type', 'text/plain; charset=utf-8'];

test('two failures are never agreement, even when they are the same bytes', () => {
  const failed = { status: 503, fields: html, body: 'sorry' };
  const result = compare(failed, failed);
  expect(result).toMatchObject({ found: 1, differences: [{ kind: 'both_failed', path: 'status' }] });
  expect(classes(compare({ status: 0 }, { status: 502 }))).toEqual(['both_failed status']);
});

test('a page against an error page is one difference, the status', () => {
  const result = compare({ fields: html, body: 'hello' }, { status: 502, fields: ['x-a', '1'], body: 'bad' });
  expect(result.found).toBe(1);
  expect(first(result)).toEqual({
    kind: 'regressed',
    path: 'status/200-502',
    legacy: '200',
    candidate: '502',
  });
});

test('a failure mended, a failure made and another status are three kinds, and each pair of statuses its own class', () => {
  const statuses = (legacy: number, candidate: number) => {
    const result = compare({ status: legacy }, { status: candidate });
    return [...classes(result), result.improvedOnly];
  };
  expect(statuses(500, 200)).toEqual(['improved status/500-200', true]);
  expect(statuses(0, 302)).toEqual(['improved status/none-302', true]);
  expect(statuses(200, 500)).toEqual(['regressed status/200-500', false]);
  expect(statuses(404, 503)).toEqual(['regressed status/404-503', false]);
  expect(statuses(200, 0)).toEqual(['regressed status/200-none', false]);
  expect(statuses(503, 404)).toEqual(['status status/503-404', false]);
  expect(statuses(200, 404)).toEqual(['status status/200-404', false]);
  expect(statuses(404, 200)).toEqual(['status status/404-200', false]);
  expect(statuses(500, 502)).toEqual(['both_failed status', false]);
  expect(statuses(200, 200)).toEqual([false]);
});

test('who is sent away by one lane alone is a class of its own, in each direction', () => {
  const statuses = (legacy: number, candidate: number) =>
    classes(compare({ status: legacy }, { status: candidate }));
  for (const [legacy, candidate] of [
    [200, 401],
    [302, 403],
    [404, 401],
  ] as const)
    expect(statuses(legacy, candidate)).toEqual([`denied status/${legacy}-${candidate}`]);
  expect(statuses(401, 200)).toEqual(['admitted status/401-200']);
  expect(statuses(403, 302)).toEqual(['admitted status/403-302']);
  expect(statuses(401, 403)).toEqual(['status status/401-403']);
  expect(statuses(403, 404)).toEqual(['status status/403-404']);
  expect(statuses(500, 401)).toEqual(['status status/500-401']);
  expect(statuses(401, 500)).toEqual(['regressed status/401-500']);
});

test('two redirects of different status are compared further', () => {
  const result = compare(
    { status: 301, fields: ['Location', '/a'] },
    { status: 302, fields: ['Location', 'http://h/a'] },
  );
  expect(classes(result)).toEqual(['status status/301-302', 'redirect location/host']);
});

test('HEAD, 204 and 304 are compared without bodies', () => {
  expect(compare({ body: 'a' }, { body: 'b' }, { method: 'HEAD' }).found).toBe(0);
  expect(compare({ status: 204, body: 'a' }, { status: 204, body: 'b' }).found).toBe(0);
  expect(compare({ status: 304, body: 'a' }, { status: 304, body: '', fields: html }).found).toBe(0);
  const lengths = compare(
    { fields: ['Content-Length', '5'] },
    { fields: ['content-length', '6'] },
    { method: 'HEAD' },
  );
  expect(classes(lengths)).toEqual(['header_value content-length']);
});

test('a HEAD answered without the length is a difference; a GET may be chunked', () => {
  const length = { fields: ['Content-Length', '5'], body: 'hello' };
  const chunked = { body: 'hello' };
  expect(classes(compare(length, chunked, { method: 'HEAD' }))).toEqual(['header_missing content-length']);
  expect(classes(compare(chunked, length, { method: 'HEAD' }))).toEqual(['header_added content-length']);
  expect(compare(length, chunked).found).toBe(0);
  const noContent = { status: 204 };
  expect(compare({ ...noContent, fields: ['content-length', '0'] }, noContent).found).toBe(0);
});

test('a body over the limit is no agreement', () => {
  const pair = pairOf({ body: '' }, { body: '' });
  const big = { ...pair.legacy, bodyBytes: 10_000_000 };
  expect(comparePair({ ...pair, legacy: big, candidate: big }).found).toBe(1);
});

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
])(
  '%s bodies are decoded before they are compared, and the coding is a difference of its own',
  (name, pack) => {
    const plain = { fields: [...plainText, 'Content-Length', '5'], body: 'hello' };
    const packed = { fields: [...plainText, 'Content-Encoding', name], body: pack('hello') };
    expect(classes(compare(plain, packed))).toEqual(['encoding content-encoding']);
    const other = { fields: packed.fields, body: pack('hallo') };
    expect(classes(compare(packed, other))).toEqual(['body_text body']);
  },
);

test('the same text compressed at different levels is equal', () => {
  const text = 'abc '.repeat(1_000);
  const fields = [...html, 'Content-Encoding', 'gzip'];
  const result = compare(
    { fields: [...fields, 'content-length', '9'], body: gzipSync(text, { level: 1 }) },
    { fields: [...fields, 'content-length', '8'], body: gzipSync(text, { level: 9 }) },
  );
  expect(result.found).toBe(0);
});

test('a decompression bomb is bounded and is no agreement', () => {
  const bomb = gzipSync(Buffer.alloc(LIMITS.decodedBytes * 8));
  const fields = [...html, 'Content-Encoding', 'gzip'];
  const result = compare({ fields, body: bomb }, { fields, body: gzipSync('x') });
  expect(first(result).legacy).toContain(`decodes to more than ${LIMITS.decodedBytes} bytes`);
});

test('bombs that are the same bytes are equal, and others are compared as they were received', () => {
  const fields = [...html, 'Content-Encoding', 'gzip'];
  const bomb = (bytes: number) => gzipSync(Buffer.alloc(LIMITS.decodedBytes + bytes));
  expect(compare({ fields, body: bomb(1) }, { fields: [...fields, 'Date', 'x'], body: bomb(1) }).found).toBe(
    0,
  );
  const result = compare({ fields, body: bomb(1) }, { fields, body: bomb(9_999) });
  expect(classes(result)).toEqual(['body_bytes body/encoded']);
  expect(first(result).legacy).toContain('sha256');
  expect(classes(compare({ fields, body: bomb(1) }, { fields, body: gzipSync('x') }))).toEqual([
    'body_bytes body',
  ]);
});

test('a body that does not decode says so', () => {
  const fields = [...html, 'Content-Encoding', 'gzip'];
  const result = compare({ fields, body: gzipSync('hello') }, { fields, body: 'hello' });
  expect(first(result)).toMatchObject({ kind: 'body_mislabelled', path: 'body' });
  expect(first(result).candidate).toContain('does not decode as gzip');
});

test('text is compared by lines whatever their newline is', () => {
  expect(
    compare({ fields: plainText, body: 'a\r\nb\rc\n' }, { fields: plainText, body: 'a\nb\nc\n' }).found,
  ).toBe(0);
  const result = compare(
    { fields: plainText, body: 'a\nb one\nc' },
    { fields: plainText, body: 'a\nb two\nc' },
  );
  expect(first(result)).toEqual({
    kind: 'body_text',
    path: 'body',
    legacy: 'line 2: b one',
    candidate: 'line 2: b two',
  });
  expect(first(compare({ fields: plainText, body: '\na' }, { fields: plainText, body: 'b' })).candidate).toBe(
    'line 1: b',
  );
  expect(
    first(compare({ fields: plainText, body: 'a' }, { fields: plainText, body: 'a\nb' })).candidate,
  ).toBe('line 2: b');
});

test('binary is compared by length and hash', () => {
  const png = ['content-type', 'image/png'];
  const result = compare(
    { fields: png, body: Buffer.from([1, 2]) },
    { fields: png, body: Buffer.from([1, 3]) },
  );
  expect(first(result).kind).toBe('body_bytes');
  expect(first(result).legacy).toMatch(/^2 bytes, sha256 [0-9a-f]{12}$/);
});

test('at most the limit of differences is kept and all are counted', () => {
  const fields = Array.from({ length: 60 }, (_, index) => [`x-field-${index}`, 'v']).flat();
  const result = compare({ fields }, {});
  expect(result.found).toBe(60);
  expect(result.differences).toHaveLength(LIMITS.differencesPerPair);
});

const fieldList = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ...'Content-Type Set-Cookie Location Vary X-A content-encoding etag Expires Date'.split(' '),
      ),
      fc.constantFrom(
        'application/json',
        'sid=1; Path=/',
        '/a',
        'gzip',
        'text/html',
        'a, b',
        '',
        'sid=; Max-Age=0',
        'sid=1; Expires=Wed, 21 Oct 2026 12:00:00 GMT',
        'Wed, 21 Oct 2026 12:00:00 GMT',
        'Thu, 21 Oct 2027 12:00:00 GMT',
        'a="x, y", "z',
      ),
    ),
    { maxLength: 8 },
  )
  .map((pairs) => pairs.flat());
const body = fc.oneof(fc.json(), fc.string(), fc.uint8Array({ maxLength: 50 }));
const sketch: fc.Arbitrary<AnswerSketch> = fc.record({
  status: fc.constantFrom(200, 201, 204, 302, 304, 404),
  fields: fieldList,
  body,
});

test('an answer compared with itself has no differences', () => {
  fc.assert(
    fc.property(sketch, (one) => {
      expect(compare(one, { ...one, fields: [...(one.fields ?? [])] }).found).toBe(0);
    }),
  );
});

test('any two answers compare without a throw, and count the same in both directions', () => {
  fc.assert(
    fc.property(
      sketch,
      sketch,
      fc.constantFrom('GET', 'HEAD'),
      fc.boolean(),
      (one, other, method, conditional) => {
        const rest = { method, conditional };
        expect(compare(one, other, rest).found).toBe(compare(other, one, rest).found);
      },
    ),
    { numRuns: 2_000 },
  );
});
