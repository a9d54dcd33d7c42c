import type { Draw } from './draw.ts';
import { mutate } from './mutate.ts';

const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

function ok(fields: string, body: string): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`;
}

/** Answers that split, merge or outlive their request, as hostile or broken servers send them. */
export const ANSWERS: readonly string[] = [
  ok('Content-Length: 5', 'hello'),
  ok('Content-Length: 5', `hello${POISON}`),
  ok('Content-Length: 5', 'hello!'),
  ok('Content-Length: 50', 'hello'),
  ok('Content-Length: 0', POISON),
  ok('Content-Length: 5\r\nContent-Length: 5', 'hello'),
  ok('Content-Length: 5\r\nContent-Length: 0', `hello${POISON}`),
  ok('Content-Length: 5, 5', 'hello'),
  ok('Content-Length: +5', 'hello'),
  ok('Content-Length: -5', 'hello'),
  ok('Content-Length: 0x5', 'hello'),
  ok('Content-Length: 18446744073709551621', 'hello'),
  ok('Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${POISON}`),
  ok('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'),
  ok('Transfer-Encoding: chunked', `5\r\nhello\r\n0\r\n\r\n${POISON}`),
  ok('Transfer-Encoding: chunked', '5;a=b\r\nhello\r\n0\r\n\r\n'),
  ok('Transfer-Encoding: chunked', '5\nhello\n0\n\n'),
  ok('Transfer-Encoding: chunked', '5\r\nhelloXX0\r\n\r\n'),
  ok('Transfer-Encoding: chunked', 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'),
  ok('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\nX-T: 1\r\nContent-Length: 0\r\n\r\n'),
  ok('Transfer-Encoding: chunked, identity', '5\r\nhello\r\n0\r\n\r\n'),
  ok('Transfer-Encoding: gzip, chunked', '5\r\nhello\r\n0\r\n\r\n'),
  ok('Transfer-Encoding: identity', 'hello'),
  ok('Transfer-Encoding: xchunked', '0\r\n\r\n'),
  ok('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  ok('X: y', 'until the end'),
  ok('Connection: close', 'until the end'),
  ok('Location: /\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6', 'poison'),
  ok('Location: /\rX: y\r\nContent-Length: 0', ''),
  ok('Location: /\nX: y\r\nContent-Length: 0', ''),
  ok('Location: /\0\r\nContent-Length: 0', ''),
  ok('X : y\r\nContent-Length: 0', ''),
  ok(' X: y\r\nContent-Length: 0', ''),
  ok('X: y\r\n folded\r\nContent-Length: 0', ''),
  ok(': y\r\nContent-Length: 0', ''),
  ok('X-Cutover-Lane: edge\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0', ''),
  ok('Connection: Set-Cookie, X-Y\r\nX-Y: 1\r\nSet-Cookie: a=b\r\nContent-Length: 0', ''),
  ok('Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 0', ''),
  'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  `HTTP/1.1 100 Continue\r\n\r\n${ok('Content-Length: 5', 'hello')}`,
  `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('Content-Length: 5', 'hello')}`,
  `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello${POISON}`,
  `HTTP/1.1 103 Early Hints\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`,
  `HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${POISON}`,
  `HTTP/1.1 170 Odd\r\nTransfer-Encoding: chunked\r\n\r\n${POISON}`,
  `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(40)}${ok('Content-Length: 5', 'hello')}`,
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/2 200\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 1000 No\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 \xe9\r\nContent-Length: 0\r\n\r\n',
  '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello',
  'hello',
  '',
  '\x16\x03\x01\x02\0\x01',
  'ICY 200 OK\r\n\r\n',
];

const STATUS = [
  '200 OK',
  '200 OK',
  '200 OK',
  '404 ',
  '500',
  '204 No Content',
  '304 Not Modified',
  '103 Early Hints',
  '100 Continue',
  '101 X',
  '999 \xff',
  '20 OK',
  '2000 OK',
  '+20 OK',
  '200OK',
  '200 O\rK',
];
const FIELDS = [
  'X-A: 1',
  'x-b:\t2 ',
  'Set-Cookie: a=b',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: X-A',
  'Keep-Alive: 1',
  'Trailer: X-T',
  'Upgrade: h2c',
  'X-Cutover-Phase: x',
  '__proto__: 1',
  'Date: now',
  'X_Y: 1',
  'X-H : 1',
  ' X-I: 1',
  'X-L: a\0b',
  'X-M: a\rb',
  'X-N: a\nb',
  ': 1',
  'none',
];
const FRAMING = [
  'Content-Length: #',
  'Content-Length: #',
  'Content-Length: #',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked',
  '',
  'Content-Length: #, #',
  'Content-Length: 0#',
  'Content-Length: #\r\nContent-Length: #',
  'Content-Length: #\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Content-Length:',
  'Content-Length: # #',
];
const BODIES = ['', 'x', 'hello', POISON, 'a'.repeat(400)];

function one(draw: Draw): string {
  const version = draw.once(10) ? draw.of(['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', '']) : 'HTTP/1.1';
  const status = draw.once(4) ? draw.of(STATUS) : '200 OK';
  const body = draw.of(BODIES);
  const framing = draw.of(draw.once(4) ? FRAMING : FRAMING.slice(0, 6));
  const length = draw.once(10) ? draw.below(20) : body.length;
  const fields = [
    ...draw.some(3, () => draw.of(FIELDS.slice(0, draw.once(6) ? 20 : 13))),
    framing.replaceAll('#', String(length)),
  ];
  const isChunked = framing.includes('chunked');
  const data = isChunked
    ? `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
    : body;
  return `${version} ${status}\r\n${fields.filter((field) => field !== '').join('\r\n')}\r\n\r\n${data}`;
}

/** What a server answers to one request: interim answers, an answer, perhaps more than it should. */
export function answersOf(draw: Draw): string {
  const interim = draw.once(6) ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(draw.below(4)) : '';
  const made = draw.once(5) ? draw.of(ANSWERS) : interim + one(draw) + (draw.once(8) ? POISON : '');
  return draw.once(2) ? mutate(made, draw, draw.of(ANSWERS)) : made;
}
