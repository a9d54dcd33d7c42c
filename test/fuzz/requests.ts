import type { Draw } from './draw.ts';
import { mutate } from './mutate.ts';
import { REQUESTS } from './request-corpus.ts';

const METHODS = [
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PURGE',
  'M-SEARCH',
  'get',
  'GETT',
  '',
];
const TARGETS = [
  '/',
  '/a',
  '/a?b=c',
  '/a/../b',
  '/a/./b//c',
  '//a',
  '/%2e%2e/a',
  '/a%2fb',
  '/a%5cb',
  '/%41%7e',
  '/a;b=c/d',
  '/..;/a',
  '/a#b',
  '/\xc3\xa9',
  '/\xff',
  '*',
  'a',
  '?a',
  'http://a/b',
  'http://a',
  'http://a?b',
  'HTTP://A:80/b',
  'http://b/b',
  'http://u@a/b',
  'https://a:443/',
  'ftp://a/',
  'a:80',
  '/a b',
  '/a\tb',
  '/a?b=\\',
  '/a?b=%',
  '/a%',
  `/${'a'.repeat(300)}`,
];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1',
  'http/1.1',
  'HTTP/1.10',
  'HTTP/01.1',
  'ICE/1.0',
  'RTSP/1.0',
  '',
];
const HOSTS = [
  'Host: a',
  'Host: a',
  'Host: a',
  'host:a',
  'HOST: A:80',
  'Host: a:8080',
  'Host:',
  'Host: a b',
  'Host: a,b',
  'Host: u@a',
  'Host: a/b',
  'Host: [::1]',
  'Host: [::1',
  'Host: a\r\nHost: a',
  'X-No: host',
];
const FIELDS = [
  'X-A: 1',
  'x-b:2',
  'X-C:\t c \t',
  'X-D:',
  'X-E: \xe9\xff',
  'X_F: 1',
  "X.G!#$%&'*+-^`|~: 1",
  'Cookie: a=b; c=d',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: X-A, content-length, host',
  'Connection: upgrade, x-b',
  'Connection: ,close,,',
  'Keep-Alive: timeout=1',
  'Proxy-Connection: close',
  'TE: trailers',
  'Trailer: X-T',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'X-Forwarded-For: 1.1.1.1',
  'Forwarded: for=1.1.1.1',
  'X-Cutover-Copy: 1',
  '__proto__: 1',
  'constructor: 1',
  'hasOwnProperty: 1',
  'Content-Type: text/plain',
];
/** Fields that a lenient parser reads differently than a strict one. */
const ODD_FIELDS = [
  'X-H : 1',
  ' X-I: 1',
  '\tX-J: 1',
  'X-K: 1\r\n folded',
  'X-L: a\0b',
  'X-M: a\rb',
  'X-N: a\nb',
  'X[O]: 1',
  '\xe9: 1',
  ': 1',
  'no colon',
  'X-P: \x01',
  'X-Q: \x7f',
  'X-R: a\x0bb',
  'X-S: a\r\r\nX-T: b',
  'GET /smuggled HTTP/1.1',
];
const LENGTHS = [
  '#',
  '#',
  '#',
  '#',
  '#',
  '0',
  '+#',
  '-#',
  ' #',
  '# ',
  '0#',
  '00#',
  '0x#',
  '#, #',
  '#,#',
  '#;#',
  '#.0',
  '#e0',
  '1_0',
  '18446744073709551616',
  '9007199254740993',
  '99999999999999999999999',
  '\v#',
  '#\0',
  '\xa0#',
  '"#"',
  '',
];
const LENGTH_NAMES = [
  'Content-Length',
  'Content-Length',
  'Content-Length',
  'content-length',
  'Content-Length ',
  'Content_Length',
  'Content-Length\t',
  '\0Content-Length',
  'Content-Lengt',
  'X-Content-Length',
];
const CODINGS = [
  'chunked',
  'chunked',
  'chunked',
  'chunked',
  'Chunked',
  'CHUNKED',
  'chunked, chunked',
  'gzip, chunked',
  'chunked, gzip',
  'identity',
  'identity, chunked',
  'chunked, identity',
  'xchunked',
  'chunkedx',
  'chunked;q=1',
  '"chunked"',
  'chunked,',
  ',chunked',
  '\vchunked',
  'chunked\v',
  'chun\\ked',
  'chunked\0',
  ' chunked ',
  '',
  'x',
  'cow',
  'chunked\r\n ,x',
  '\xa0chunked',
  'chunk\u0065d',
];
const CODING_NAMES = [
  'Transfer-Encoding',
  'Transfer-Encoding',
  'Transfer-Encoding',
  'transfer-encoding',
  'Transfer-Encoding ',
  'Transfer_Encoding',
  'Transfer-Encoding\t',
  'Transfer-Encoding\0',
  'Transfer\xadEncoding',
  'X-Transfer-Encoding',
  'Transfer-Encodin',
];
const DATA = [
  '',
  'x',
  'hello',
  'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
  '0\r\n\r\n',
  'a'.repeat(300),
  '\0\r\n\xff',
];

/** The size line of a chunk, in ways one parser or another accepts. */
function sizeLine(size: number, draw: Draw): string {
  const hex = size.toString(16);
  const plain = [`${hex}\r\n`, `${hex.toUpperCase()}\r\n`, `0${hex}\r\n`];
  if (!draw.once(8)) return draw.of(plain);
  return draw.of([
    `${hex}\n`,
    `${hex}\r`,
    `${hex} \r\n`,
    ` ${hex}\r\n`,
    `\t${hex}\r\n`,
    `0x${hex}\r\n`,
    `+${hex}\r\n`,
    `-${hex}\r\n`,
    `${hex};\r\n`,
    `${hex};\n`,
    `${hex};a=b\r\n`,
    `${hex};a="\r\n"\r\n`,
    `${hex};a\nb\r\n`,
    `${hex};a\rb\r\n`,
    `${hex}\r\r\n`,
    `${hex}_0\r\n`,
    `${hex}.0\r\n`,
    `${hex}g\r\n`,
    `${'0'.repeat(draw.below(40))}${hex}\r\n`,
    `1${'0'.repeat(draw.below(20))}${hex}\r\n`,
    'ffffffffffffffff\r\n',
    '10000000000000000\r\n',
    '\r\n',
    `${hex}\0\r\n`,
    `\xa0${hex}\r\n`,
  ]);
}

function chunked(data: string, draw: Draw): string {
  const split = draw.below(data.length + 1);
  const pieces = [data.slice(0, split), data.slice(split)].filter((piece) => piece !== '');
  const chunks = pieces.map((piece) => {
    const end = draw.once(12) ? draw.of(['', '\n', '\r', 'x\r\n', '\r\n\r\n', '\r\r\n']) : '\r\n';
    return `${sizeLine(piece.length, draw)}${piece}${end}`;
  });
  const trailers = draw.once(6)
    ? draw.of([
        'X-T: 1\r\n',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Host: b\r\n',
        ' x\r\n',
        'X\r\n',
        'X-T : 1\r\n',
        'X-T: a\nb\r\n',
        ': x\r\n',
        '\n',
        'X-T: \0\r\n',
      ])
    : '';
  const end = draw.once(12)
    ? draw.of(['', '\r\n', '0\r\n', '0\n\n', '0\r\n\n', '00\r\n\r\n', '0;a\r\n\r\n', '-0\r\n\r\n'])
    : `0\r\n${trailers}\r\n`;
  return chunks.join('') + end;
}

function framing(draw: Draw, data: string): string[] {
  const length = () =>
    `${draw.once(4) ? draw.of(LENGTH_NAMES) : 'Content-Length'}: ${draw
      .of(draw.once(3) ? LENGTHS : ['#'])
      .replaceAll('#', String(draw.once(8) ? draw.below(20) : data.length))}`;
  const coding = () =>
    `${draw.once(4) ? draw.of(CODING_NAMES) : 'Transfer-Encoding'}: ${draw.of(draw.once(3) ? CODINGS : ['chunked'])}`;
  switch (draw.below(8)) {
    case 0:
      return [coding(), length()];
    case 1:
      return [length(), coding()];
    case 2:
      return draw.once(2) ? [length(), length()] : [coding(), coding()];
    case 3:
    case 4:
      return [coding()];
    case 5:
    case 6:
      return [length()];
    default:
      return [];
  }
}

function oneRequest(draw: Draw): string {
  const method = draw.once(4) ? draw.of(METHODS) : draw.of(['GET', 'POST', 'PUT']);
  const target = draw.once(4) ? draw.of(TARGETS) : '/a';
  const version = draw.once(12) ? draw.of(VERSIONS) : 'HTTP/1.1';
  const host = draw.once(10) ? draw.of(HOSTS) : 'Host: a';
  const space = () => (draw.once(40) ? draw.of(['  ', '\t', '', '\xa0', ' \t']) : ' ');
  const data = draw.of(DATA);
  const frame = draw.once(5)
    ? framing(draw, data)
    : draw.of([[`Content-Length: ${data.length}`], ['Transfer-Encoding: chunked'], []]);
  const fields = [host, ...draw.some(3, () => draw.of(draw.once(12) ? ODD_FIELDS : FIELDS)), ...frame];
  const order = draw.once(4) ? fields.toReversed() : fields;
  const isChunked = frame.some((field) => /chunked/i.test(field));
  const body = frame.length === 0 ? '' : isChunked ? chunked(data, draw) : data;
  const head = [`${method}${space()}${target}${space()}${version}`, ...order].join('\r\n');
  return `${head}${draw.once(30) ? draw.of(['\n\n', '\r\r', '\r\n \r\n', '\n\r\n']) : '\r\n\r\n'}${body}`;
}

/** One to three requests on one connection, often broken in one place. */
export function requestsOf(draw: Draw): string {
  const made = draw.once(8)
    ? draw.of(REQUESTS)
    : Array.from({ length: 1 + (draw.once(2) ? draw.below(3) : 0) }, () => oneRequest(draw)).join('');
  return draw.once(3) ? mutate(made, draw, draw.of(REQUESTS)) : made;
}
