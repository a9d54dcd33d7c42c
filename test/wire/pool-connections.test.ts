import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Sweeper } from '../../src/wire/sweeper.ts';
import type { Pool } from '../../src/wire/types.ts';
import { until } from '../kit/until.ts';
import {
  atEnd,
  call,
  Heard,
  outboundHead,
  poolOptions,
  RawClient,
  rawServer,
  scripted,
  startPool,
} from './kit.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Answers the first request of each connection and closes at the second. */
function forgetful(requests: string[] = []) {
  return rawServer((socket) => {
    let count = 0;
    socket.on('data', (chunk: Buffer) => {
      requests.push(chunk.toString('latin1').split(' ')[0] ?? '');
      count += 1;
      if (count === 1) socket.write(OK);
      else socket.destroy();
    });
  });
}

test('sends an idempotent request again when its reused connection was closed', async () => {
  const requests: string[] = [];
  const { port, sockets } = await forgetful(requests);
  const pool = startPool(port);
  await call(pool).over();
  const heard = await call(pool).over();
  expect(heard.ended).toBe(true);
  expect(heard.events).toEqual(['sent', 'sent', 'head', 'end']);
  expect(heard.reused).toEqual([true, false]);
  expect(sockets.length).toBe(2);
  expect(requests.length).toBe(3);
});

test('never repeats what is not idempotent, has a body, or was fresh', async () => {
  const { port, sockets } = await forgetful();
  const pool = startPool(port);
  await call(pool).over();
  expect((await call(pool, { method: 'POST' }).over()).failed).toEqual({
    code: 'upstream_reset',
    sent: true,
  });
  await call(pool).over();
  const heard = new Heard();
  const put = pool.call(outboundHead({ method: 'PUT', framing: 'length', contentLength: 1 }), heard);
  put.write(Buffer.from('x'));
  put.end();
  expect((await heard.over()).failed?.code).toBe('upstream_reset');
  expect(sockets.length).toBe(2);
});

test('sends a request again only once', async () => {
  let answers = 0;
  const { port, sockets } = await rawServer((socket) => {
    socket.on('data', () => {
      answers += 1;
      if (answers === 1) socket.write(OK);
      else socket.destroy();
    });
  });
  const pool = startPool(port);
  await call(pool).over();
  expect((await call(pool).over()).failed?.code).toBe('upstream_reset');
  expect(sockets.length).toBe(2);
});

test('shows every failure of a server where nothing may be repeated', async () => {
  const requests: string[] = [];
  const { port, sockets } = await forgetful(requests);
  const pool = startPool(port, { retry: false });
  for (let round = 1; round <= 5; round += 1) {
    expect((await call(pool).over()).ended).toBe(true);
    const heard = await call(pool).over();
    expect(heard.failed).toEqual({ code: 'upstream_reset', sent: true });
    expect(heard.reused).toEqual([true]);
    expect([requests.length, sockets.length]).toEqual([round * 2, round]);
  }
});

test('takes another connection when its own was reset before a byte was written, whatever the request', async () => {
  const requests: string[] = [];
  const { port, sockets } = await scripted((request) => {
    requests.push(request.slice(0, 4));
    return OK;
  });
  const pool = startPool(port, { retry: false });
  await call(pool).over();
  // The kernel has the reset at once; nobody has looked yet.
  sockets[0]?.resetAndDestroy();
  const heard = await call(pool, { method: 'POST' }).over();
  expect(heard.events).toEqual(['sent', 'head', 'end']);
  expect(heard.reused).toEqual([false]);
  expect(requests).toEqual(['GET ', 'POST']);
});

test('drops an idle connection on which bytes arrive', async () => {
  const { port, sockets } = await scripted(OK);
  const pool = startPool(port);
  await call(pool).over();
  sockets[0]?.write(OK.replace('ok', 'no'));
  await until(() => pool.stats.open === 0, 'the poisoned connection to go');
  expect((await call(pool).over()).body).toBe('ok');
});

test('drops an idle connection that its server closes', async () => {
  const { port, sockets } = await scripted(OK);
  const pool = startPool(port);
  await call(pool).over();
  sockets[0]?.end();
  await until(() => pool.stats.open === 0);
});

/** Lets the deadlines of a pool come nearer than the clock does. */
function passTime(pool: Pool, ms: number): void {
  (pool as unknown as { sweeper: Sweeper }).sweeper.nowMs += ms;
}

/** Waits for a sweep of the pool. */
async function swept(pool: Pool): Promise<void> {
  const { sweeper } = pool as unknown as { sweeper: Sweeper };
  const { nowMs } = sweeper;
  await until(() => sweeper.nowMs > nowMs);
}

test('closes an idle connection after its time, and not before', async () => {
  const { port } = await scripted(OK);
  const pool = startPool(port);
  await call(pool).over();
  passTime(pool, LIMITS.poolIdleMs - 2_000);
  await swept(pool);
  expect(pool.stats.open).toBe(1);
  expect((await call(pool).over()).reused).toEqual([true]);
  passTime(pool, LIMITS.poolIdleMs - 2_000);
  await swept(pool);
  expect(pool.stats.open).toBe(1);
  passTime(pool, 2_500);
  await swept(pool);
  expect(pool.stats.open).toBe(0);
});

test('gives up a call whose server takes no more of its body', async () => {
  const { port } = await rawServer((socket) => socket.pause());
  const pool = startPool(port, { timeouts: { ...poolOptions.timeouts, idleMs: 300 } });
  const heard = new Heard();
  const outbound = pool.call(outboundHead({ method: 'POST', framing: 'chunked' }), heard);
  const chunk = Buffer.alloc(64 * 1024);
  heard.onRoom = () => {
    while (outbound.write(chunk) && heard.failed === null);
  };
  heard.onRoom();
  const since = monotonicMs();
  await heard.over();
  expect(heard.failed).toEqual({ code: 'idle_timeout', sent: true });
  expect(monotonicMs() - since).toBeGreaterThan(280);
  expect(pool.stats.open).toBe(0);
});

test('takes the connection that was used last', async () => {
  const { port } = await scripted((_request, index) => OK.replace('ok', `#${index}`));
  const pool = startPool(port);
  const [first, second] = [call(pool), call(pool)];
  await Promise.all([first.over(), second.over()]);
  const last = first.body === '#0' && pool.stats.open === 2 ? second : first;
  expect((await call(pool).over()).body).toBe(last.body);
  expect(pool.stats.open).toBe(2);
});

test('lets calls wait their turn, bounded', async () => {
  const pending: (() => void)[] = [];
  const { port } = await rawServer((socket) => socket.on('data', () => pending.push(() => socket.write(OK))));
  const pool = startPool(port, { maxConnections: 1, maxWaiting: 2 });
  const calls = [call(pool), call(pool), call(pool), call(pool)];
  expect(pool.stats).toEqual({ open: 1, active: 1, waiting: 2 });
  expect((await (calls[3] as Heard).over()).failed).toEqual({ code: 'upstream_busy', sent: false });
  for (const heard of calls.slice(0, 3)) {
    await until(() => pending.length > 0);
    pending.shift()?.();
    await heard.over();
    expect(heard.ended).toBe(true);
  }
  expect(pool.stats).toEqual({ open: 1, active: 0, waiting: 0 });
});

test('gives up waiting after a while, and serves who waits when a connection is lost', async () => {
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { maxConnections: 1 });
  const first = call(pool);
  const second = call(pool);
  expect((await second.over()).failed).toEqual({ code: 'upstream_busy', sent: false });
  const third = call(pool);
  await until(() => sockets.length === 1);
  sockets[0]?.destroy();
  await first.over();
  await until(() => third.events.includes('sent'), 'the third call to be sent');
});

test('keeps the body of a call that waits, and asks its writer to wait', async () => {
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { maxConnections: 1 });
  const first = call(pool);
  const heard = new Heard();
  const waiting = pool.call(outboundHead({ method: 'POST', framing: 'length', contentLength: 6 }), heard);
  expect(waiting.write(Buffer.from('abc'))).toBe(false);
  heard.onRoom = () => {
    heard.events.push('room');
    waiting.write(Buffer.from('def'));
    waiting.end();
  };
  await until(() => sockets.length === 1);
  first.outbound?.abort();
  await until(() => sockets.length === 2);
  let text = '';
  sockets[1]?.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await until(() => text.endsWith('abcdef'));
  expect(heard.events).toEqual(['sent', 'room']);
});

test.each([
  ['firstByteMs', 'first_byte_timeout', ''],
  ['idleMs', 'idle_timeout', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'],
  ['totalMs', 'total_timeout', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'],
] as const)('gives a call up after %s', async (name, code, answer) => {
  const { port } = await scripted(answer);
  const timeouts = { ...poolOptions.timeouts, [name]: 150 };
  const pool = startPool(port, { timeouts });
  const heard = await call(pool).over();
  expect(heard.failed).toEqual({ code, sent: true });
  expect(pool.stats.open).toBe(0);
});

test('gives a connect up after its time', async () => {
  // A stopped process accepts nothing: once its accept queue is full, further connects hang.
  const source =
    "const s=net.createServer().listen({port:0,host:'127.0.0.1',backlog:1},()=>console.log(s.address().port))";
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] });
  atEnd(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => new RawClient(Number(line)));
  await until(() => fillers.filter((filler) => !filler.socket.connecting).length >= 2);
  const pool = startPool(Number(line), { timeouts: { ...poolOptions.timeouts, connectMs: 150 } });
  const heard = await call(pool).over();
  expect(heard.failed).toEqual({ code: 'connect_timeout', sent: false });
});

test('stops and restarts an answer, and never pools a paused connection', async () => {
  const { port } = await scripted(OK);
  const pool = startPool(port);
  const heard = call(pool);
  heard.outbound?.pause();
  await until(() => heard.events.includes('sent'));
  await call(pool).over();
  expect(heard.events).toEqual(['sent']);
  heard.outbound?.resume();
  await heard.over();
  expect(heard.body).toBe('ok');
  const paused = call(pool);
  paused.onChunk = () => paused.outbound?.pause();
  await until(() => paused.body === 'ok');
  expect(paused.ended).toBe(false);
  paused.outbound?.resume();
  await paused.over();
  expect((await call(pool).over()).body).toBe('ok');
  expect(pool.stats.open).toBe(2);
});

test('says nothing after an abort and drops the connection', async () => {
  let ended = false;
  const { port, sockets } = await rawServer((socket) => socket.resume().on('end', () => (ended = true)));
  const pool = startPool(port);
  const heard = call(pool);
  await until(() => heard.events.includes('sent') && sockets.length === 1);
  heard.outbound?.abort();
  expect(pool.stats.open).toBe(0);
  await until(() => ended);
  expect(heard.events).toEqual(['sent']);
  expect(heard.outbound?.write(Buffer.from('x'))).toBe(true);
});

test('fails a call whose body is not what its head said', async () => {
  const { port } = await rawServer(() => undefined);
  const pool = startPool(port);
  for (const [text, contentLength] of [
    ['abc', 2],
    ['a', 2],
  ] as const) {
    const heard = new Heard();
    const outbound = pool.call(outboundHead({ method: 'POST', framing: 'length', contentLength }), heard);
    outbound.write(Buffer.from(text));
    outbound.end();
    expect(heard.events).toEqual([]);
    expect((await heard.over()).failed?.code).toBe('internal');
  }
  expect(pool.stats.open).toBe(0);
});

test('drops the connection of an early answer', async () => {
  const { port } = await rawServer((socket) => socket.once('data', () => socket.write(OK)));
  const pool = startPool(port);
  const heard = new Heard();
  const outbound = pool.call(outboundHead({ method: 'POST', framing: 'length', contentLength: 100 }), heard);
  outbound.write(Buffer.from('x'));
  await heard.over();
  expect(heard.ended).toBe(true);
  expect(pool.stats.open).toBe(0);
  expect(outbound.write(Buffer.from('y'))).toBe(true);
});

test('closes: idle connections now, busy ones after their call, and takes no more calls', async () => {
  const pending: (() => void)[] = [];
  const { port } = await rawServer((socket) => socket.on('data', () => pending.push(() => socket.write(OK))));
  const pool = startPool(port);
  const running = call(pool);
  await until(() => pending.length === 1);
  pool.close();
  const late = call(pool);
  expect(late.events).toEqual([]);
  expect((await late.over()).failed).toEqual({ code: 'draining', sent: false });
  pending[0]?.();
  await running.over();
  expect(running.ended).toBe(true);
  expect(pool.stats.open).toBe(0);
});

test('ends the connection when a handler throws', async () => {
  const listen = (): void => undefined;
  process.on('warning', listen);
  const { port } = await scripted(OK);
  const pool = startPool(port);
  const heard = call(pool);
  heard.onChunk = () => {
    throw new Error('a defect');
  };
  expect((await heard.over()).failed?.code).toBe('internal');
  expect(pool.stats.open).toBe(0);
  process.off('warning', listen);
});
