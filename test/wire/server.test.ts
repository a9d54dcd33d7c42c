import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import { exchange, RawClient, startServer, textHead } from './kit.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('answers several requests on one connection', async () => {
  const { port, seen, server } = await startServer();
  const client = new RawClient(port);
  client.send(GET);
  await client.expect(/ok$/);
  client.send('POST /b?c=1 HTTP/1.1\r\nHost: A.b:80\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello');
  await client.expect(/ok[^]*ok$/);
  expect(server.connections).toBe(1);
  expect(seen[1]?.head).toMatchObject({
    method: 'POST',
    target: '/b?c=1',
    path: '/b',
    host: 'a.b:80',
    minorVersion: 1,
  });
  expect(seen[1]?.head.fields.flat()).toEqual(['X-One', '1']);
  expect(seen[1]?.body).toBe('hello');
  expect(seen.every((one) => one.finished)).toBe(true);
  expect(seen[1]?.inbound).toMatchObject({ remoteAddress: '127.0.0.1', listener: 0, bytesIn: 5 });
  expect(seen[1]?.inbound.bytesOut).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'.length);
});

test('understands a request and its body whatever way the bytes are cut', async () => {
  const { port, seen } = await startServer();
  const bytes =
    'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n';
  const client = new RawClient(port);
  for (let cut = 1; cut < bytes.length; cut += 7) {
    const before = seen.length;
    client.send(bytes.slice(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    client.send(bytes.slice(cut));
    await until(() => seen.length > before && seen.at(-1)?.finished, 'the answer');
    expect(seen.at(-1)?.body).toBe('abc0123456789');
    expect(seen.at(-1)?.events.filter((event) => event !== 'body')).toEqual(['bodyEnd', 'finished']);
  }
});

test('answers pipelined requests in order, one at a time', async () => {
  const { port, seen } = await startServer(() => undefined);
  const client = new RawClient(port);
  client.send(
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  for (const number of [1, 2, 3]) {
    await until(() => seen.length === number && seen[number - 1]?.bodyDone, `request ${number}`);
    seen[number - 1]?.answer(String(number));
  }
  await client.expect(/1HTTP[^]*2HTTP[^]*3$/);
  expect(seen.map((one) => one.head.target)).toEqual(['/1', '/2', '/3']);
});

test('stops reading when too many pipelined bytes wait', async () => {
  const { port, seen } = await startServer(() => undefined);
  const client = new RawClient(port);
  const filler = `GET /${'x'.repeat(1_000)} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(64);
  let sent = 0;
  let stalledTurns = 0;
  await until(() => {
    const stalled = client.socket.writableLength > 256 * 1024;
    stalledTurns = stalled ? stalledTurns + 1 : 0;
    if (!stalled) {
      while (client.socket.writableLength <= 256 * 1024) {
        client.send(filler);
        sent += filler.length;
      }
    }
    return stalledTurns === 40 || sent > 64 * 1024 * 1024;
  }, 'the client to be stopped');
  expect(sent).toBeLessThan(64 * 1024 * 1024);
  expect(seen.length).toBe(1);
});

test('answers a client that has closed its sending side', async () => {
  const { port, seen } = await startServer(() => undefined);
  const client = new RawClient(port);
  client.socket.end(GET + GET);
  await until(() => seen.length === 1);
  seen[0]?.answer('first');
  await until(() => seen.length === 2);
  seen[1]?.answer('second');
  expect(await client.over()).toMatch(/first[^]*second$/);
});

test('hears of a client that goes away inside its body, and only once', async () => {
  const { port, seen } = await startServer(() => undefined);
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
  await until(() => seen[0]?.body === 'abc');
  client.socket.end();
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.events).toEqual(['body', 'abort client_aborted']);
  await until(() => client.closed);
});

test('hears of a client that resets its connection while it waits', async () => {
  const { port, seen, server } = await startServer(() => undefined);
  const client = new RawClient(port);
  client.send(GET);
  await until(() => seen[0]?.bodyDone);
  client.socket.resetAndDestroy();
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('client_aborted');
  expect(server.connections).toBe(0);
});

test('answers early, then closes, when the body is not wanted', async () => {
  const { port, seen } = await startServer((one) => one.answer('no', 413));
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc');
  await client.expect('Connection: close');
  client.send('x'.repeat(100_000));
  expect(await client.over()).toMatch(/^HTTP\/1.1 413[^]*no$/);
  expect(client.error).toBe('');
  expect(seen[0]?.events.at(-1)).toBe('finished');
  client.send(GET);
  client.socket.end();
  await until(() => client.closed);
  expect(seen.length).toBe(1);
});

test('never reads unwanted body bytes as the next request', async () => {
  const { port, seen } = await startServer((one) => one.answer('no'));
  await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${GET.length}\r\n\r\n${GET}`);
  expect(seen.length).toBe(1);
});

test('cuts a client that never stops sending after the last answer', async () => {
  const { port } = await startServer((one) => one.answer('no', 413));
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
  await client.expect('no');
  const chunk = 'x'.repeat(64 * 1024);
  let sent = 0;
  const pump = (): void => {
    while (!client.closed && client.socket.write(chunk)) sent += chunk.length;
  };
  client.socket.on('drain', pump);
  pump();
  await until(() => client.closed, 'the cut');
  expect(sent).toBeLessThan(LIMITS.lingerBytes * 20);
});

test('sends 100 when the body is wanted, and not when it is refused', async () => {
  const { port } = await startServer((one) => {
    if (one.head.path === '/no') one.answer('no', 403);
    else one.onDone = () => one.answer(one.body);
  });
  const head = (path: string) =>
    `PUT ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
  const client = new RawClient(port);
  client.send(head('/yes'));
  await client.expect('HTTP/1.1 100 Continue\r\n\r\n');
  client.send('abc');
  await client.expect(/abc$/);
  expect(await exchange(port, head('/no'))).toMatch(/^HTTP\/1.1 403/);
  expect(await exchange(port, head('/yes').replace('100-continue', 'magic'))).toMatch(/^HTTP\/1.1 417/);
});

test('does not ask for the body while the handler is paused', async () => {
  const { port, seen } = await startServer((one) => one.inbound.pause());
  const client = new RawClient(port);
  client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
  await until(() => seen.length === 1);
  const other = new RawClient(port);
  other.send(GET);
  await until(() => seen.length === 2);
  expect(client.text).toBe('');
  seen[0]?.inbound.resume();
  await client.expect('100 Continue');
});

test('frames HEAD, 204 and 304 without a body and keeps the connection', async () => {
  const { port } = await startServer((one) => {
    one.onDone = () => {
      const status = Number(one.head.path.slice(1));
      one.inbound.respond(textHead('hidden', status));
      one.inbound.write(Buffer.from('hidden'));
      one.inbound.end();
    };
  });
  const client = new RawClient(port);
  client.send('HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect('Content-Length: 6');
  client.send('GET /204 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect('204');
  client.send('GET /304 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.expect('304');
  client.send('GET /200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(await client.over()).toBe(
    'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n' +
      'HTTP/1.1 204 No Content\r\n\r\n' +
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhidden',
  );
});

test('sends a body of unknown length in chunks, and to HTTP/1.0 until the end of the connection', async () => {
  const { port } = await startServer((one) => {
    one.onDone = () => {
      one.inbound.inform(103, new HeaderFields(['Link', '</a>']));
      one.inbound.respond({
        status: 200,
        reason: 'Fine',
        fields: new HeaderFields(),
        framing: 'close',
        contentLength: -1,
      });
      one.inbound.write(Buffer.from('ab'));
      one.inbound.write(Buffer.alloc(0));
      one.inbound.write(Buffer.from('c'));
      one.inbound.end();
    };
  });
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toBe(
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
      'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
  );
  expect(await exchange(port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')).toBe(
    'HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\nabc',
  );
});

test('cuts an answer that is shorter or longer than it said', async () => {
  const { port, seen } = await startServer((one) => {
    one.onDone = () => {
      one.inbound.respond(textHead('abc'));
      one.inbound.write(Buffer.from(one.head.path === '/long' ? 'abcd' : 'a'));
      one.inbound.end();
    };
  });
  expect(await exchange(port, 'GET /short HTTP/1.1\r\nHost: a\r\n\r\n')).not.toMatch(/abc/);
  expect(await exchange(port, 'GET /long HTTP/1.1\r\nHost: a\r\n\r\n')).not.toMatch(/abcd/);
  await until(() => seen[1]?.aborted);
  expect(seen.map((one) => one.aborted)).toEqual(['aborted', 'aborted']);
});

test('resets, not ends, a connection whose end would look like the end of the answer', async () => {
  const { port } = await startServer((one) => {
    one.onDone = () => {
      one.inbound.respond({
        status: 200,
        reason: '',
        fields: new HeaderFields(),
        framing: 'close',
        contentLength: -1,
      });
      one.inbound.write(Buffer.from('part'));
    };
    setTimeout(() => one.inbound.destroy(), 20);
  });
  const client = new RawClient(port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  await until(() => client.closed);
  expect(client.error).toBe('ECONNRESET');
});

test('ends the connection and tells the handler when a handler throws', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listen);
  const { port, seen } = await startServer((one) => {
    one.onData = () => {
      throw new Error('a defect');
    };
  });
  const client = new RawClient(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
  await client.over();
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('internal');
  await until(() => warnings.some((warning) => warning.name === 'WireDefect'));
  process.off('warning', listen);
});

test('refuses a body over the limit, announced or not', async () => {
  const { port, seen, refused } = await startServer(undefined, { maxBodyBytes: 10 });
  expect(await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n')).toMatch(
    /^HTTP\/1.1 413/,
  );
  expect(refused[0]).toMatchObject({ code: 'body_too_large', status: 413 });
  const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(await exchange(port, `${chunked}b\r\n01234567890\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1.1 413/);
  expect(seen[0]?.aborted).toBe('body_too_large');
});

test('serves IPv6 and shows its address', async () => {
  const { port, seen } = await startServer(undefined, {}, { host: '::1' });
  const client = new RawClient(port, '::1');
  client.send('GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n');
  await client.expect('ok');
  expect(seen[0]?.inbound.remoteAddress).toBe('::1');
  expect(seen[0]?.head.host).toBe('[::1]:80');
});

test('shows an IPv4 client of a dual-stack listener as IPv4', async () => {
  const { port, seen } = await startServer(undefined, {}, { host: '::' });
  const client = new RawClient(port);
  client.send(GET);
  await client.expect('ok');
  expect(seen[0]?.inbound.remoteAddress).toBe('127.0.0.1');
});

test('rejects when the port is taken', async () => {
  const { port, server } = await startServer();
  await expect(server.listen({ host: '127.0.0.1', port, reusePort: false, index: 1 })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
