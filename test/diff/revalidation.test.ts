import { expect, test } from 'vitest';
import { type AnswerSketch, classes, compare } from './kit.ts';

const DAY = 'Wed, 21 Oct 2015 07:28:00 GMT';
const full = (...fields: string[]): AnswerSketch => ({
  fields: ['Content-Type', 'text/html', 'Content-Length', '5', 'Vary', 'Accept-Encoding', ...fields],
  body: 'hello',
});
const notModified = (...fields: string[]): AnswerSketch => ({ status: 304, fields });
const conditional = { conditional: true };

/** Classes with the 304 as the legacy's and as the candidate's answer. */
function both(one: AnswerSketch, other: AnswerSketch): string[][] {
  return [classes(compare(one, other, conditional)), classes(compare(other, one, conditional))];
}

test('304 and 200 to a conditional request are no difference: each lane knows its own validators', () => {
  expect(both(notModified('ETag', '"a"'), full('ETag', '"b"'))).toEqual([[], []]);
  const dated = full('ETag', '"b"', 'Last-Modified', DAY);
  expect(both(notModified('ETag', '"a"'), dated)).toEqual([[], []]);
  expect(both(notModified('Last-Modified', DAY), full('Last-Modified', DAY))).toEqual([[], []]);
  const kept = ['Cache-Control', 'max-age=1', 'ETag', '"a"'];
  expect(both(notModified(...kept), full(...kept, 'Content-Language', 'en'))).toEqual([[], []]);
});

test('304 and 200 to a request without a validator are a difference', () => {
  const result = compare(notModified('ETag', '"a"'), full('ETag', '"b"'));
  expect(classes(result)).toEqual(['status status/304-200']);
});

test('a validator that is lost is a difference, whatever the status', () => {
  const lost = both(notModified('ETag', '"a"', 'Last-Modified', DAY), full('Last-Modified', DAY));
  expect(lost).toEqual([['header_missing etag'], ['header_added etag']]);
  expect(both(notModified('ETag', '"a"'), full('ETag', '""'))).toEqual([
    ['header_value etag'],
    ['header_value etag'],
  ]);
  const undated = both(notModified('ETag', '"a"', 'Last-Modified', DAY), full('ETag', '"a"'));
  expect(undated).toEqual([['header_missing last-modified'], ['header_added last-modified']]);
  expect(both(notModified(), full('Last-Modified', DAY))).toEqual([
    ['header_added last-modified'],
    ['header_missing last-modified'],
  ]);
});

test('without any validator there is nothing that 304 could stand on', () => {
  expect(both(notModified(), full())).toEqual([['status status/304-200'], ['status status/200-304']]);
});

test('what a 304 and a 200 both say is compared', () => {
  const one = notModified('ETag', '"a"', 'Cache-Control', 'no-store');
  expect(both(one, full('ETag', '"b"', 'Cache-Control', 'public'))[0]).toEqual([
    'header_value cache-control',
  ]);
});

test('no other pair of statuses is forgiven', () => {
  const result = compare(notModified('ETag', '"a"'), { ...full('ETag', '"a"'), status: 404 }, conditional);
  expect(classes(result)).toEqual(['status status/304-404']);
  expect(classes(compare(notModified('ETag', '"a"'), { status: 500 }, conditional))).toEqual([
    'regressed status/304-500',
  ]);
});
