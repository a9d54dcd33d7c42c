/**
 * Attack: a field section of HTTP/2 that becomes another request when it is written as HTTP/1.1: CR and LF in names, values
 * and the path, fields of the connection, two lengths, a length that lies, Host beside :authority, pseudo-header fields
 * twice or late.
 * Known from: "HTTP/2: The Sequel is Always Worse" (Kettle, 2021), CVE-2021-36740 (Varnish), CVE-2021-33193 (Apache).
 * Why it works: HTTP/2 frames its fields by length, so that a value may hold what ends a line in HTTP/1.1; who
 * translates without looking lets the client write the next server's request.
 * Cutover: nothing is written that was not read: the section becomes one head, and the reader of HTTP/1.1 decides about it.
 */
import { expect, test } from 'vitest';
import { DATA, END_HEADERS, END_STREAM, expectServedH2, frame, h2Stage, pseudo, RawH2 } from './h2-kit.ts';

type Fields = readonly (readonly [string, string])[];

const changed = (name: string, value: string): Fields =>
  pseudo().map(([key, old]) => [key, key === name ? value : old] as const);

const ATTACKS: readonly (readonly [string, Fields])[] = [
  ['upper case in a name', [...pseudo(), ['X-Admin', '1']]],
  ['a whole request in the path', changed(':path', '/a HTTP/1.1\r\nhost: x\r\n\r\nGET /b')],
  ['a space in the path', changed(':path', '/a HTTP/1.1')],
  ['a path without a slash', changed(':path', 'asked')],
  ['an absolute path', changed(':path', 'http://other.example/asked')],
  ['an empty path', changed(':path', '')],
  ['a space in the method', changed(':method', 'GET /other HTTP/1.1')],
  ['a scheme that is not ours', changed(':scheme', 'http')],
  ['a user in the authority', changed(':authority', 'user@localhost')],
  ['a space in the authority', changed(':authority', 'localhost evil')],
  ['Transfer-Encoding', [...pseudo(), ['transfer-encoding', 'chunked']]],
  ['Connection', [...pseudo(), ['connection', 'x-real']]],
  ['Upgrade', [...pseudo(), ['upgrade', 'websocket']]],
  ['Keep-Alive', [...pseudo(), ['keep-alive', '1']]],
  ['Proxy-Connection', [...pseudo(), ['proxy-connection', 'close']]],
  ['Host beside another :authority', [...pseudo(), ['host', 'other.example']]],
  ['two Host fields', [...pseudo(), ['host', 'localhost'], ['host', 'localhost']]],
  ['two lengths', [...pseudo(), ['content-length', '0'], ['content-length', '5']]],
  ['a length without a body', [...pseudo(), ['content-length', '5']]],
  ['a length that is none', [...pseudo(), ['content-length', '+0']]],
  ['the method twice', [...pseudo(), [':method', 'POST']]],
  ['a pseudo-header field at the end', [...pseudo().slice(1), ['x', '1'], [':method', 'GET']]],
  ['a pseudo-header field of an answer', [...pseudo(), [':status', '200']]],
  ['an unknown pseudo-header field', [...pseudo(), [':x', '1']]],
  ['no path', pseudo().filter(([name]) => name !== ':path')],
  ['no authority', pseudo().filter(([name]) => name !== ':authority')],
  [
    'CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'localhost:22'],
    ],
  ],
  ['extended CONNECT', [...pseudo('/asked', 'CONNECT'), [':protocol', 'websocket']]],
];

/** nghttp2 leaves such a field out and goes on; nothing of it is anywhere. */
const LEFT_OUT: readonly (readonly [string, Fields])[] = [
  ['CRLF in a value', [...pseudo(), ['x', 'a\r\nx-admin: 1']]],
  ['a bare LF in a value', [...pseudo(), ['x', 'a\nx-admin: 1']]],
  ['a NUL in a value', [...pseudo(), ['x', 'a\0b']]],
  ['CRLF in a name', [...pseudo(), ['x: 1\r\nx-admin', '1']]],
  ['a colon in a name', [...pseudo(), ['x:y', '1']]],
  ['a space in a name', [...pseudo(), ['x y', '1']]],
];

test.each(LEFT_OUT)('a field with %s is left out, and nothing of it reaches a server', async (_, list) => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  const stream = client.request([...list, ['y', 'kept']]);
  await client.outcome(stream);
  expect(on.legacy.lines).toEqual(['GET /asked']);
  expect(on.legacy.bytes).toContain('y: kept');
  expect(on.legacy.bytes).not.toMatch(/x-admin|^x[: ]/m);
});

test.each(ATTACKS)('no server hears of a request with %s', async (_, list) => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  const stream = client.request(list);
  await client.outcome(stream);
  expect(client.status(stream)).not.toBe(200);
  expect(on.legacy.bytes).toBe('');
  expect(on.candidate.bytes).toBe('');
  await expectServedH2(on);
  expect(on.legacy.lines).toEqual(['GET /asked']);
});

test('a body that is longer or shorter than its length never reaches a server whole', async () => {
  const on = await h2Stage();
  for (const sent of ['abcdefgh', 'ab']) {
    const client = new RawH2(on.port);
    const stream = client.request([...pseudo('/asked', 'POST'), ['content-length', '5']], END_HEADERS);
    client.write(frame(DATA, END_STREAM, stream, Buffer.from(sent)));
    expect(await client.outcome(stream)).not.toBe('answered');
    client.socket.destroy();
  }
  expect(on.legacy.bytes).not.toContain('abcde');
  await expectServedH2(on);
});

test('crumbs of a cookie become one field, and a Host that agrees is no second one', async () => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  const stream = client.request([...pseudo(), ['cookie', 'a=1'], ['host', 'LOCALHOST'], ['cookie', 'b=2']]);
  expect(await client.outcome(stream)).toBe('answered');
  expect(on.legacy.bytes.toLowerCase()).toContain('cookie: a=1; b=2\r\n');
  expect(on.legacy.bytes.toLowerCase().match(/^host: localhost\r$/gm)).toHaveLength(1);
});
