import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizePath } from '../../src/wire/target.ts';
import { atEnd, exchange, startServer } from './kit.ts';

/** What a server understood of the first request on a connection; null when it served none. */
interface Understood {
  method: string;
  target: string;
  /** Only the fields that neither side may touch. */
  fields: string[];
  body: string;
}

/** Node's own strict parser: what it refuses, we refuse. */
async function startOracle(): Promise<(bytes: string) => Promise<Understood | null>> {
  let last: Understood | null = null;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      last ??= {
        method: request.method ?? '',
        target: request.url ?? '',
        fields: plain(request.rawHeaders),
        body,
      };
      response.setHeader('connection', 'close');
      response.end('ok');
    });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.close());
  return async (bytes) => {
    last = null;
    await exchange((server.address() as AddressInfo).port, bytes, true);
    return last;
  };
}

async function startOurs(): Promise<(bytes: string) => Promise<Understood | null>> {
  let last: Understood | null = null;
  const { port } = await startServer((one) => {
    one.onDone = () => {
      const { method, target, fields } = one.head;
      last ??= { method, target, fields: plain(fields.flat()), body: one.body };
      one.answer();
    };
  });
  return async (bytes) => {
    last = null;
    await exchange(port, bytes, true);
    return last;
  };
}

function plain(list: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < list.length; index += 2) {
    if (/^(?:x-[a-z0-9]*|cookie)$/i.test(list[index] ?? ''))
      kept.push(list[index] ?? '', list[index + 1] ?? '');
  }
  return kept;
}

/** Node's view of the target in our normal form; null where we are stricter on purpose. */
function normalTarget(target: string): string {
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '').replace(/^(?!\/|\*)/, '/');
  const mark = origin.indexOf('?');
  if (origin === '*') return '*';
  return mark === -1 ? normalizePath(origin) : normalizePath(origin.slice(0, mark)) + origin.slice(mark);
}

const line = fc.constantFrom(
  'GET / HTTP/1.1',
  'POST /a/../b?q=1 HTTP/1.1',
  'PUT /%2e%41 HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'GET http://a/x HTTP/1.1',
  'POST / HTTP/1.0',
  'GET /',
  'DELETE /a HTTP/1.1',
  'GET  / HTTP/1.1',
  'GET / HTTP/1.2',
  'GET / HTTP/2.0',
  'CONNECT a:1 HTTP/1.1',
);
const field = fc.constantFrom(
  'Host: a',
  'Host: b',
  'Host:',
  'X-A: 1',
  'x-a:2 ',
  'X-B:\t\u00e9 b \t',
  'Cookie: a=b; c=d',
  'X-C:',
  'X -D: 1',
  ' X-E: 1',
  'X-F: a\u0000b',
  'X-G: a\rb',
  'X-H: a\nb',
  'X[I]: 1',
  ': 1',
  'noColon',
  'Content-Length: 5',
  'Content-Length: 5',
  'Content-Length: 05',
  'Content-Length: 5, 5',
  'Content-Length: +5',
  'Content-Length: 5 5',
  'Content-Length : 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity',
  'Transfer-Encoding:\u000bchunked',
  'Transfer-Encoding: gzip, chunked',
  'Connection: close',
  'Connection: keep-alive, X-Z',
  'Expect: 100-continue',
  'Trailer: X-T',
  'Upgrade: h2c',
);
const body = fc.constantFrom(
  '',
  'hello',
  'hell',
  'helloGET /second HTTP/1.1\r\nHost: a\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;x=y\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  '5\nhello\n0\n\n',
  '5\r\nhelloo\r\n0\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  ' 5\r\nhello\r\n0\r\n\r\n',
  '05\r\nhello\r\n0\r\n\r\n',
  'fffffffffffffffff\r\nhello',
  '0\r\n\r\n',
);
const lineEnd = fc.constantFrom(...Array.from({ length: 12 }, () => '\r\n'), '\n', '\r', '\r\r\n');
const hasHost = fc.constantFrom('Host: a', 'Host: a', 'Host: a', 'X-No: host');
const messagesOf = (maxLength: number) =>
  fc
    .tuple(line, hasHost, fc.array(field, { maxLength }), body, lineEnd)
    .map(([first, host, fields, data, end]) => `${[first, host, ...fields].join('\r\n')}${end}\r\n${data}`);

/** One byte replaced, inserted or taken away. */
const mutated = fc
  .tuple(
    messagesOf(2),
    fc.nat(),
    fc.constantFrom(...Array.from('\0\t\n\r :;,/?#%\\\x7f\xe9_A0')),
    fc.constantFrom(0, 1, 2),
  )
  .map(([text, position, byte, kind]) => {
    const at = position % text.length;
    return text.slice(0, at) + (kind === 2 ? '' : byte) + text.slice(kind === 1 ? at : at + 1);
  });

/**
 * Where Node takes less than we do, on purpose: it knows a list of methods, we take any name made of `A-Z`, `_`
 * and `-`, as nginx does; and the mutation can make one (`GET` → `GT`).
 */
function isKnownMethod(text: string): boolean {
  return /^(?:\r\n)?(?:GET|POST|PUT|OPTIONS|DELETE|CONNECT) /.test(text);
}

test.each([
  ['hostile messages', messagesOf(4)],
  ['messages with one broken byte', mutated],
])(
  'accepts nothing that the strict parser of Node refuses, and understands the same: %s',
  async (_name, generated) => {
    const oracle = await startOracle();
    const ours = await startOurs();
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(generated, async (text) => {
        const mine = await ours(text);
        if (mine === null || !isKnownMethod(text)) return;
        accepted += 1;
        const theirs = await oracle(text);
        expect(theirs, 'Node refuses it').not.toBeNull();
        expect(mine).toEqual({ ...theirs, target: normalTarget(theirs?.target ?? '') });
      }),
      { numRuns: 1_500 },
    );
    expect(accepted).toBeGreaterThan(50);
  },
);
