import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { FailureCode } from '../../src/core/errors.ts';
import type { ConnectGate } from '../../src/wire/types.ts';
import { until } from '../kit/until.ts';
import { call, rawServer, startPool } from './kit.ts';

/** A gate that the test shuts, and that notes what it hears. */
class TestGate implements ConnectGate {
  isShut = false;
  next: 'yes' | 'probe' | 'no' = 'yes';
  readonly heard: string[] = [];

  leave(): 'yes' | 'probe' | 'no' {
    return this.next;
  }
  shut(): void {
    this.isShut = true;
    this.next = 'no';
  }
  reached(): void {
    this.heard.push('reached');
  }
  unreached(code: FailureCode, isProbe: boolean): void {
    this.heard.push(`${code}${isProbe ? ' probe' : ''}`);
  }
  released(): void {
    this.heard.push('released');
  }
}

/** A socket of the server, once it has a further request. */
function nextAsked(socket: Socket): Promise<Socket> {
  return new Promise((resolve) => void socket.once('data', () => resolve(socket)));
}

test('uses a connection that stands although no further one is tried, and waits for it', async () => {
  const gate = new TestGate();
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { gate });
  const first = call(pool);
  await until(() => sockets.length === 1 && gate.heard.includes('reached'), 'a connection');
  gate.shut();
  const second = call(pool);
  expect(pool.stats.waiting).toBe(1);
  sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  await first.over();
  sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  expect((await second.over()).body).toBe('ok');
  expect(sockets.length).toBe(1);
});

test('fails what waits when the last connection is lost and no further one is tried', async () => {
  const gate = new TestGate();
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { gate });
  const first = call(pool);
  await until(() => gate.heard.includes('reached'), 'a connection');
  gate.shut();
  const waiting = [call(pool), call(pool)];
  await until(() => sockets.length === 1, 'the server to have it');
  sockets[0]?.resetAndDestroy();
  await first.over();
  for (const heard of waiting)
    expect((await heard.over()).failed).toEqual({ code: 'circuit_open', sent: false });
  // With no connection there is nothing to wait for.
  expect((await call(pool).over()).failed).toEqual({ code: 'circuit_open', sent: false });
  expect(pool.stats).toEqual({ open: 0, active: 0, waiting: 0 });
});

test('tells its gate what became of the probe: refused, made, or given up with its call', async () => {
  const gate = new TestGate();
  const { port, sockets, server } = await rawServer(() => undefined);
  gate.shut();
  gate.next = 'probe';
  const pool = startPool(port, { gate });
  call(pool).outbound?.abort();
  expect(gate.heard).toEqual(['released']);
  call(pool);
  await until(() => gate.heard.length === 2);
  expect(gate.heard[1]).toBe('reached');
  await until(() => sockets.length === 1, 'the server to have it');
  server.close();
  sockets[0]?.destroy();
  await until(() => !server.listening && pool.stats.open === 0, 'nobody to listen');
  expect((await call(pool).over()).failed?.code).toBe('connect_refused');
  expect(gate.heard.at(-1)).toBe('connect_refused probe');
});

test('serves what waits as soon as the probe has reached the server', async () => {
  const gate = new TestGate();
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { gate });
  call(pool);
  await until(() => gate.heard.includes('reached') && sockets.length === 1, 'a busy connection');
  gate.shut();
  const waiting = call(pool);
  expect(pool.stats.waiting).toBe(1);
  gate.next = 'probe';
  call(pool);
  gate.next = 'yes';
  await until(() => sockets.length === 3, 'a connection for each');
  sockets[2]?.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  expect((await waiting.over()).body).toBe('ok');
});

test('a second try takes a connection that stands when no further one is tried', async () => {
  const gate = new TestGate();
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { gate });
  const both = [call(pool), call(pool)];
  await until(() => sockets.length === 2, 'two connections');
  for (const socket of sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  for (const one of both) await one.over();
  gate.shut();
  const again = call(pool);
  const asked = await Promise.race(sockets.map(nextAsked));
  asked.resetAndDestroy();
  const left = await Promise.race(sockets.filter((socket) => socket !== asked).map(nextAsked));
  left.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain');
  expect((await again.over()).body).toBe('again');
});

test('a call that waits is given up at its total time, and by that name', async () => {
  const { port, sockets } = await rawServer(() => undefined);
  const pool = startPool(port, { maxConnections: 1 });
  call(pool);
  await until(() => sockets.length === 1, 'the only connection');
  const heard = call(pool, undefined, 100);
  expect((await heard.over()).failed).toEqual({ code: 'total_timeout', sent: false });
});
