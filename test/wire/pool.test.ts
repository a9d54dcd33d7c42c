import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import type { SwitchedConnection } from '../../src/wire/types.ts';
import { atEnd, call, Heard, outboundHead, rawServer, scripted, startPool } from './kit.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('calls a server, reuses its connection, and never calls back at once', async () => {
  const { port, sockets } = await scripted(OK);
  const pool = startPool(port);
  const first = call(pool, { target: '/a?b', host: 'shop:81', fields: new HeaderFields(['X-A', '1']) });
  expect(first.events).toEqual([]);
  await first.over();
  expect(first.events).toEqual(['sent', 'head', 'end']);
  expect(first.head).toMatchObject({ status: 200, reason: 'OK', framing: 'length', contentLength: 2 });
  expect(first.body).toBe('ok');
  const second = call(pool);
  expect(second.events).toEqual([]);
  await second.over();
  expect([first.reused, second.reused]).toEqual([[false], [true]]);
  expect(sockets.length).toBe(1);
  expect(pool.stats).toEqual({ open: 1, active: 0, waiting: 0 });
});

test('sends one Host, the fields, and a framing of its own', async () => {
  const requests: string[] = [];
  const { port } = await scripted((request) => {
    requests.push(request);
    return OK;
  });
  const pool = startPool(port);
  await call(pool, { target: '/a?b', host: 'shop:81', fields: new HeaderFields(['X-A', '1']) }).over();
  await call(pool, { method: 'POST' }).over();
  expect(requests).toEqual([
    'GET /a?b HTTP/1.1\r\nHost: shop:81\r\nX-A: 1\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: lane\r\nContent-Length: 0\r\n\r\n',
  ]);
});

test('sends bodies by length and in chunks', async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('end', () => {
      bodies.push(
        `${request.headers['content-length'] ?? request.headers['transfer-encoding']} ${body.length}`,
      );
      response.end('done');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.close());
  const pool = startPool((server.address() as AddressInfo).port);
  const big = Buffer.alloc(50_000, 'x');
  const sized = new Heard();
  const one = pool.call(outboundHead({ method: 'POST', framing: 'length', contentLength: 50_005 }), sized);
  one.write(Buffer.from('hello'));
  one.write(big);
  one.end();
  await sized.over();
  const chunked = new Heard();
  const two = pool.call(outboundHead({ method: 'POST', framing: 'chunked' }), chunked);
  two.write(big);
  two.write(Buffer.from('hello'));
  two.end();
  await chunked.over();
  expect(bodies).toEqual(['50005 50005', 'chunked 50005']);
  expect([sized.body, chunked.body]).toEqual(['done', 'done']);
  expect(chunked.reused).toEqual([true]);
});

test.each([
  ['length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', 'GET', 'abc', true],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n',
    'GET',
    'abc',
    true,
  ],
  ['no reason', 'HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc', 'GET', 'abc', true],
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'HEAD', '', true],
  ['HEAD of chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'HEAD', '', true],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 'GET', '', true],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n', 'GET', '', true],
  [
    'close asked',
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
    'GET',
    'abc',
    false,
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', 'GET', 'abc', false],
  ['too long', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd', 'GET', 'abc', false],
  ['body after 204', 'HTTP/1.1 204 No Content\r\n\r\nabc', 'GET', '', false],
])(
  'reads an answer framed by %s and keeps only clean connections',
  async (_name, answer, method, body, kept) => {
    const { port } = await scripted(answer);
    const pool = startPool(port);
    const heard = await call(pool, { method }).over();
    expect(heard.events).toEqual(['sent', 'head', 'end']);
    expect(heard.body).toBe(body);
    expect(pool.stats.open).toBe(kept ? 1 : 0);
  },
);

test('reads an answer that ends with its connection', async () => {
  const { port } = await rawServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'));
  });
  const heard = await call(startPool(port)).over();
  expect(heard.body).toBe('to the end');
  expect(heard.head?.framing).toBe('close');
  expect(heard.ended).toBe(true);
});

test.each([
  ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
  ['length and coding', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc'],
  ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
  ['an unasked upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ['a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['a chunk extension', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\n\r\n'],
  ['endless interim answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17)],
  ['a huge head', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}`],
])('refuses an answer with %s', async (_name, answer) => {
  const { port } = await scripted(answer);
  const pool = startPool(port);
  const heard = await call(pool).over();
  expect(heard.failed).toEqual({ code: 'upstream_protocol', sent: true });
  expect(pool.stats.open).toBe(0);
});

test('swallows 100 and tells of other interim answers', async () => {
  const { port } = await scripted(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${OK}`,
  );
  const heard = await call(startPool(port)).over();
  expect(heard.informs).toEqual([103]);
  expect(heard.body).toBe('ok');
});

test('says when an answer was cut, wherever', async () => {
  const answers = [
    'HTTP/1.1 20',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  ];
  for (const answer of answers) {
    const { port } = await rawServer((socket) => socket.once('data', () => socket.end(answer)));
    const heard = await call(startPool(port)).over();
    expect(heard.failed).toEqual({ code: 'upstream_truncated', sent: true });
  }
});

test('does not take a reset for the end of an answer that ends with its connection', async () => {
  const { port } = await rawServer((socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 200 OK\r\n\r\npart', () => setTimeout(() => socket.resetAndDestroy(), 20)),
    );
  });
  const heard = await call(startPool(port)).over();
  expect(heard.failed?.code).toBe('upstream_truncated');
});

test('tells refused connections, and that nothing was sent', async () => {
  const { port, server } = await scripted(OK);
  server.close();
  const heard = await call(startPool(port)).over();
  expect(heard.failed).toEqual({ code: 'connect_refused', sent: false });
});

test('tells a server that closes without an answer', async () => {
  const { port, sockets } = await rawServer((socket) => socket.once('data', () => socket.end()));
  const heard = await call(startPool(port)).over();
  expect(heard.failed).toEqual({ code: 'upstream_reset', sent: true });
  expect(sockets.length).toBe(1);
});

test('takes no more tunnels than it may, and connections beside them', async () => {
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n';
  const { port } = await scripted((request) => (request.includes('Upgrade: x') ? SWITCH : OK));
  const pool = startPool(port, { maxConnections: 1, maxTunnels: 2 });
  const open: SwitchedConnection[] = [];
  const upgrade = async () => {
    const heard = new Heard();
    const handler = Object.assign(heard, {
      onUpgraded: (_head: unknown, server: SwitchedConnection) => {
        heard.ended = true;
        open.push(server);
      },
    });
    pool.call(outboundHead({ upgrade: 'x' }), handler);
    return heard.over();
  };
  await upgrade();
  await upgrade();
  expect(pool.stats).toEqual({ open: 2, active: 2, waiting: 0 });
  expect((await call(pool).over()).body).toBe('ok');
  expect(pool.stats).toEqual({ open: 3, active: 2, waiting: 0 });
  expect((await upgrade()).failed).toEqual({ code: 'upstream_busy', sent: false });
  open[0]?.destroy();
  open[0]?.destroy();
  expect(pool.stats).toEqual({ open: 2, active: 1, waiting: 0 });
  expect((await upgrade()).failed).toBe(null);
});
