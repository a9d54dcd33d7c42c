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
