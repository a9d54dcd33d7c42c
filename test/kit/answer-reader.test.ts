import { array, assert, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerReader, BrokenAnswerError } from './answer-reader.ts';

const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n';
const counted =
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

function readInSlices(text: string, cuts: readonly number[]) {
  const reader = new AnswerReader();
  reader.expect('GET');
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  let answer = null;
  let from = 0;
  for (const to of [...places, bytes.length]) {
    answer = reader.push(Buffer.from(bytes.subarray(from, to))) ?? answer;
    from = to;
  }
  return { answer, reader };
}

test('reads the same answer however the bytes are cut', () => {
  assert(
    property(array(nat(200), { maxLength: 20 }), (cuts) => {
      expect(readInSlices(chunked, cuts).answer?.body.toString()).toBe('abc0123456789');
      const { answer, reader } = readInSlices(counted, cuts);
      expect(answer?.body.toString()).toBe('hello');
      expect(answer?.interim).toEqual([103]);
      expect(reader.surplusBytes).toBe(0);
    }),
  );
});

test('sees a body that is longer than its Content-Length as surplus bytes', () => {
  const { answer, reader } = readInSlices(`${counted}!!`, []);
  expect(answer?.body.toString()).toBe('hello');
  expect(reader.surplusBytes).toBe(2);
});

test('does not take a cut answer for a whole one', () => {
  for (const length of [1, 20, counted.length - 1]) {
    const { answer, reader } = readInSlices(counted.slice(0, length), []);
    expect(answer).toBeNull();
    expect(() => reader.end()).toThrow(BrokenAnswerError);
  }
});

test('a body without framing ends with the connection and ends its keep-alive', () => {
  const { answer, reader } = readInSlices('HTTP/1.1 200 OK\r\n\r\nabc', []);
  expect(answer).toBeNull();
  const ended = reader.end();
  expect(ended?.body.toString()).toBe('abc');
  expect(ended?.keepsAlive).toBe(false);
});

test.each([
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  'HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n',
  'ICY 200 OK\r\n\r\n',
])('refuses %j', (text) => {
  expect(() => readInSlices(text, [])).toThrow(BrokenAnswerError);
});

test('HEAD, 204 and 304 have no body whatever their fields say', () => {
  const reader = new AnswerReader();
  reader.expect('HEAD');
  expect(reader.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'))?.status).toBe(200);
  reader.expect('GET');
  expect(reader.push(Buffer.from('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'))?.status).toBe(
    304,
  );
});
