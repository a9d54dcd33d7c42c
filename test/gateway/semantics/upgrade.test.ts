import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { gatewayConfig, route } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';
import { exchange, RawClient } from '../../wire/kit.ts';
import { bodyOf, linesOf, OK, rawLane, stage, valuesOf } from './kit.ts';
import { ASK, SWITCH, switcher, tunnelled } from './upgrade-kit.ts';
import type { LaneConnection } from './kit.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const TIMES = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:1').timeouts;

/** The text of a file, or null while there is none. */
function textOf(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || null : null;
}

test.each([
  ['legacy', {}],
  ['candidate', { phase: 'enforce', reverseSample: 0 }],
] as const)('joins a client to the %s lane after a 101 and passes bytes both ways', async (name, rollout) => {
  const set = await stage(switcher, {}, { sample: 0, ...rollout });
  const lane = set[name];
  const client = await tunnelled(set.port);
  expect(linesOf(client.text)).toEqual([
    'HTTP/1.1 101 Switching Protocols',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzhaRbK+xOo=',
    'Connection: Upgrade',
    'Upgrade: websocket',
  ]);
  const [connection] = lane.connections;
  expect(linesOf(connection?.text ?? '')).toEqual([
    'GET /chat HTTP/1.1',
    'Host: a',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: chat',
    'Connection: Upgrade',
    'Upgrade: websocket',
  ]);
  client.send('\u0081\u0085ping\u0000');
  await until(() => connection?.text.endsWith('\r\n\r\n\u0081\u0085ping\u0000'), 'the bytes of the client');
  connection?.socket.write('\u0081\u0004pong\r\n\r\n', 'latin1');
  await until(() => client.text.endsWith('\r\n\r\n\u0081\u0004pong\r\n\r\n'), 'the bytes of the server');
});

/** Accepts a WebSocket and answers each frame of up to 125 bytes with its text (RFC 6455, sections 4.2.2 and 5.2). */
function echoServer(request: string, { socket }: LaneConnection): string {
  const key = valuesOf(request, 'sec-websocket-key')[0] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.on('data', (frame: Buffer) => {
    const mask = frame.subarray(2, 6);
    const text = frame.subarray(6).map((byte, index) => byte ^ (mask[index % 4] as number));
    socket.write(Buffer.concat([Buffer.from([frame[0] as number, text.length]), text]));
    // The one that answers a close frame (opcode 8) closes first (section 7.1.1).
    if (((frame[0] as number) & 15) === 8) socket.end();
  });
  return SWITCH.replace(/Accept: \S+/, `Accept: ${accept}`);
}

test('carries a real WebSocket from its opening to its close', async () => {
  const { port, gateway } = await stage(echoServer);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  const heard: string[] = [];
  socket.addEventListener('open', () => socket.send('hello'));
  socket.addEventListener('message', ({ data }) => {
    heard.push(String(data));
    socket.close(1000);
  });
  const { code, wasClean } = await new Promise<CloseEvent>((resolve) => {
    socket.addEventListener('close', resolve);
  });
  expect([heard, code, wasClean]).toEqual([['hello'], 1000, true]);
  expect((await gateway.settled()).lanes.legacy).toMatchObject({ requests: 1, bad: 0 });
});

test('keeps what comes before the 101 and sends it behind it', async () => {
  const { port, legacy } = await stage(() => null);
  const client = new RawClient(port);
  client.send(`${ASK}early`);
  await until(() => legacy.requests.length === 1, 'the request');
  client.send(' bytes');
  const other = await exchange(port, 'BAD\r\n\r\n');
  expect(other).toMatch(/^HTTP\/1.1 400 /);
  const [connection] = legacy.connections;
  expect(bodyOf(connection?.text ?? '')).toBe('');
  connection?.socket.write(`${SWITCH}first`);
  await until(() => bodyOf(connection?.text ?? '') === 'early bytes', 'the early bytes');
  await client.expect(/\r\n\r\nfirst$/);
});

test('takes no more than its buffer before the 101, and everything after it', async () => {
  const { port, legacy } = await stage(() => null);
  const client = new RawClient(port);
  const early = Buffer.alloc(32 * 1024 * 1024, 'e');
  client.send(ASK);
  client.socket.write(early);
  await until(() => legacy.requests.length === 1, 'the request');
  let before = -1;
  await until(() => {
    const isStill = client.socket.bytesWritten > 0 && client.socket.writableLength === before;
    before = client.socket.writableLength;
    return isStill;
  }, 'a client that waits');
  expect(before).toBeGreaterThan(0);
  const [connection] = legacy.connections;
  expect(bodyOf(connection?.text ?? '')).toBe('');
  connection?.socket.pause();
  connection?.socket.write(SWITCH);
  await client.expect(/^HTTP\/1\.1 101 /);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  connection?.socket.resume();
  const head = connection?.text.indexOf('\r\n\r\n') ?? 0;
  await until(() => connection?.text.length === head + 4 + early.length, 'every byte', 25_000);
});

test.each([
  ['200', OK],
  ['426', 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'],
  ['404 that echoes the upgrade', `HTTP/1.1 404 No\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n`],
] as const)(
  'reads bytes sent before a refused upgrade as the next request, never as a tunnel: %s',
  async (_, answer) => {
    const { port, legacy } = await stage((request) => (request.includes('/chat') ? answer : OK));
    const client = new RawClient(port);
    client.send(ASK + SMUGGLED);
    await client.expect(/HTTP\/1\.1 [^]*HTTP\/1\.1 200 OK[^]*\r\n\r\nok$/);
    expect(legacy.requests.map((request) => linesOf(request)[0])).toEqual([
      'GET /chat HTTP/1.1',
      'GET /smuggled HTTP/1.1',
    ]);
    // The connection that was asked to switch carries nothing else.
    expect(legacy.connections.map((one) => one.text.match(/HTTP\/1\.1\r\n/g)?.length)).toEqual([1, 1]);
    expect(valuesOf(legacy.requests[1] ?? '', 'upgrade')).toEqual([]);
  },
);

test.each([
  ['nobody asked', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', SWITCH],
  ['another protocol', ASK, SWITCH.replace('websocket', 'other')],
  ['no Upgrade field', ASK, SWITCH.replace('Upgrade: websocket\r\n', '')],
  ['no Connection field', ASK, SWITCH.replace('Connection: Upgrade\r\n', '')],
  ['a chunked body', ASK, SWITCH.replace('Connection', 'Transfer-Encoding: chunked\r\nConnection')],
  ['a body', ASK, SWITCH.replace('Connection', 'Content-Length: 5\r\nConnection')],
  ['an old version', ASK, SWITCH.replace('HTTP/1.1', 'HTTP/1.0')],
  ['a list of protocols', ASK, SWITCH.replace('websocket', 'websocket, h2c')],
  ['a body of the request', ASK.replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\nok'), SWITCH],
] as const)('refuses a 101 where %s makes it one that was not asked for', async (_, request, answer) => {
  const { port, legacy } = await stage(`${answer}poison`);
  const client = new RawClient(port);
  client.send(request);
  await client.expect(/^HTTP\/1\.1 502 [^]*x-cutover-error: upstream_protocol/);
  expect(client.text).not.toContain('poison');
  await until(() => legacy.connections[0]?.ended, 'the end of the connection to the server');
});

test.each([
  ['a body by length', ASK.replace('\r\n\r\n', `\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`)],
  ['an empty body', ASK.replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n')],
  ['a chunked body', ASK.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')],
  ['another method', ASK.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n')],
  ['another method without a body', ASK.replace('GET', 'DELETE')],
  ['HTTP/1.0', ASK.replace('HTTP/1.1', 'HTTP/1.0')],
  ['no word in Connection', ASK.replace('keep-alive, Upgrade', 'keep-alive')],
  ['several protocols', ASK.replace('WebSocket', 'websocket, foo')],
  ['h2c', ASK.replace('WebSocket', 'h2c').replace('\r\nSec', '\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nSec')],
  ['TLS', ASK.replace('WebSocket', 'TLS/1.2')],
  ['HTTP/2.0', ASK.replace('WebSocket', 'HTTP/2.0')],
  ['no token', ASK.replace('WebSocket', 'web socket')],
])('sends a request on without its upgrade: %s', async (_, bytes) => {
  const { port, legacy } = await stage();
  const client = new RawClient(port);
  client.send(bytes);
  await client.expect(/\r\n\r\nok$/);
  expect(legacy.requests).toHaveLength(1);
  const [request = ''] = legacy.requests;
  for (const name of ['upgrade', 'connection', 'http2-settings']) expect(valuesOf(request, name)).toEqual([]);
});

test('closes each direction when its sender closes it', async () => {
  const { port, legacy, gateway } = await stage(switcher);
  const client = await tunnelled(port);
  const [connection] = legacy.connections;
  client.socket.end('last words');
  await until(() => connection?.ended === true, 'the end of the direction of the client');
  expect(bodyOf(connection?.text ?? '')).toBe('last words');
  connection?.socket.write('still here');
  await client.expect(/still here$/);
  expect(client.ended).toBe(false);
  connection?.socket.end('bye');
  await until(() => client.ended && client.closed, 'the end of the other direction');
  expect(client.text).toMatch(/still herebye$/);
  await gateway.settled();
});

test.each([
  ['client', 'client_aborted'],
  ['server', 'upstream_reset'],
] as const)('resets the other side when the %s resets its own', async (who, code) => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-tunnel-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'access.log');
  const { port, legacy, gateway } = await stage(switcher, { accessLog: { file, sample: 1, rotate: null } });
  const client = await tunnelled(port);
  const [connection] = legacy.connections;
  if (who === 'client') client.socket.resetAndDestroy();
  else connection?.socket.resetAndDestroy();
  await until(() => client.closed && connection?.closed, 'the end of both connections');
  if (who === 'server') expect(client.error).toBe('ECONNRESET');
  const { lanes } = await gateway.settled();
  expect(gateway.deltas.at(-1)?.gauges.tallies.tunnels).toMatchObject([{ ends: { [code]: 1 } }]);
  // How a tunnel ends is no failure of the lane that opened it.
  expect(lanes.legacy).toMatchObject({ requests: 1, bad: 0 });
  const line = await until(() => textOf(file), 'the line of the tunnel');
  expect(JSON.parse(line)).toMatchObject({
    'http.response.status_code': 101,
    failure: code,
    bytes_in: 0,
    bytes_out: client.text.length,
  });
});

test('cuts a tunnel in which nothing moves, and not one in which something does', async () => {
  const { port, legacy } = await stage(switcher, { timeouts: { ...TIMES, tunnelIdleMs: 1_000 } });
  const busy = await tunnelled(port);
  const silent = await tunnelled(port);
  const timer = setInterval(() => legacy.connections[0]?.socket.write('.'), 50);
  try {
    await until(() => silent.closed, 'the cut');
    expect([silent.error, busy.closed]).toEqual(['ECONNRESET', false]);
    await until(() => legacy.connections[1]?.closed, 'the cut of its other side');
  } finally {
    clearInterval(timer);
  }
});

test('holds the sender back while the receiver does not read, and loses nothing', async () => {
  const { port, legacy } = await stage(switcher);
  const client = await tunnelled(port);
  client.socket.pause();
  const [connection] = legacy.connections;
  const head = client.text.length;
  const total = 32 * 1024 * 1024;
  const block = Buffer.alloc(256 * 1024, 'x');
  let left = total;
  const more = (): void => {
    while (left > 0) {
      left -= block.length;
      if (connection?.socket.write(block) === false) return;
    }
  };
  connection?.socket.on('drain', more);
  more();
  let before = -1;
  await until(() => {
    const isStill = before === left;
    before = left;
    return isStill;
  }, 'a sender that waits');
  expect(left).toBeGreaterThan(0);
  client.socket.resume();
  await until(() => client.text.length - head === total, 'every byte', 25_000);
});

test('counts a tunnel when it opens, its bytes when it ends, and never its time', async () => {
  const { port, gateway, legacy } = await stage(switcher);
  const client = await tunnelled(port);
  const opened = gateway.summary();
  expect(opened.lanes.legacy).toMatchObject({ requests: 1, bad: 0 });
  expect(gateway.deltas.at(-1)?.gauges).toMatchObject({ tunnels: 1, exchanges: 1 });
  client.send('12345');
  await until(() => legacy.connections[0]?.text.endsWith('12345'), 'the bytes');
  client.socket.end();
  legacy.connections[0]?.socket.end();
  const { lanes } = await gateway.settled();
  expect(lanes.legacy.requests).toBe(1);
  const cells = gateway.deltas.flatMap((delta) => delta.lanes);
  expect(cells.reduce((sum, cell) => sum + cell.bytesIn, 0)).toBe(5);
  expect(cells.reduce((sum, cell) => sum + cell.bytesOut, 0)).toBe(client.text.length);
  expect(gateway.deltas.at(-1)?.gauges.tunnels).toBe(0);
  expect(gateway.deltas.at(-1)?.gauges.tallies.tunnels).toMatchObject([
    { lane: 'legacy', ends: { closed: 1 }, bytesIn: 5, bytesOut: client.text.length },
  ]);
  expect(lanes.legacy.latency.samples).toBe(0);
});

test('leaves room for requests however many tunnels are open', async () => {
  const { port } = await stage(switcher, { maxExchanges: 2 });
  for (let tunnel = 0; tunnel < 4; tunnel += 1) await tunnelled(port);
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toContain(' 200 OK');
});

test('closes tunnels of the candidate when their clients go back to legacy, and no others', async () => {
  const { port, gateway, candidate, legacy } = await stage(
    switcher,
    {},
    { phase: 'regional', shares: { 'eu-west': 1 }, sample: 0, reverseSample: 0 },
  );
  const client = await tunnelled(port);
  expect(candidate.connections).toHaveLength(1);
  gateway.apply({ rollout: { sample: 0.5 } });
  client.send('still here');
  await until(() => candidate.connections[0]?.text.endsWith('still here'), 'the bytes');
  gateway.apply({ rollout: { phase: 'shadow', shares: {}, sample: 0 } });
  await until(() => client.closed, 'the cut');
  const again = await tunnelled(port);
  expect(legacy.connections).toHaveLength(1);
  gateway.gateway.setLocalBypass(true);
  again.send('legacy stays');
  await until(() => legacy.connections[0]?.text.endsWith('legacy stays'), 'the bytes of legacy');
  expect(again.closed).toBe(false);
});

test('cuts tunnels at the deadline of a drain and counts them', async () => {
  const { port, gateway } = await stage(switcher);
  const clients = [await tunnelled(port), await tunnelled(port)];
  expect(await gateway.gateway.drain(100)).toBe(2);
  for (const client of clients) await until(() => client.closed, 'the cut');
});

test('never copies a request that asks for another protocol', async () => {
  const { port, gateway, candidate } = await stage(switcher, {}, { sample: 1 });
  const client = await tunnelled(port);
  client.socket.resetAndDestroy();
  expect((await gateway.settled()).ineligible).toEqual({ upgrade: 1 });
  expect(candidate.connections).toHaveLength(0);
});

test('does not fall back to legacy when the candidate refuses an upgrade', async () => {
  const candidateGone = await rawLane((_, { socket }) => {
    socket.destroy();
    return null;
  });
  const { upstreams } = gatewayConfig(candidateGone.url, candidateGone.url).candidate;
  const { port, legacy } = await stage(
    switcher,
    { candidate: { upstreams, routes: [route('all', '/', { fallback: 'legacy' })], filters: [] } },
    { phase: 'enforce', reverseSample: 0 },
  );
  const client = new RawClient(port);
  client.send(ASK);
  await client.expect(/^HTTP\/1\.1 502 /);
  expect(legacy.connections).toHaveLength(0);
});

test('answers 503 when there are too many tunnels, and still serves plain requests', async () => {
  const { port, gateway } = await stage(switcher);
  const limits = LIMITS as { tunnels: number };
  const before = limits.tunnels;
  limits.tunnels = 1;
  try {
    const client = await tunnelled(port);
    const refused = new RawClient(port);
    refused.send(ASK);
    await refused.expect(/^HTTP\/1\.1 503 [^]*x-cutover-error: overloaded/);
    refused.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await refused.expect(/\r\n\r\nok$/);
    client.socket.resetAndDestroy();
    await gateway.settled();
    expect((await tunnelled(port)).text).toMatch(/^HTTP\/1\.1 101 /);
  } finally {
    limits.tunnels = before;
  }
});
