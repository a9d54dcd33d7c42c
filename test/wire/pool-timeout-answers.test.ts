import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { Sweeper } from '../../src/wire/sweeper.ts';
import type { OutboundHead, Pool } from '../../src/wire/types.ts';
import { until } from '../kit/until.ts';
import { call, rawServer, scripted, startPool, type Heard } from './kit.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Lets the deadlines of a pool come nearer than the clock does. */
function passTime(pool: Pool, ms: number): void {
  (pool as unknown as { sweeper: Sweeper }).sweeper.nowMs += ms;
}

const STALE = 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** A call on a reused connection whose server says 408 as soon as it has the head: the two may have crossed. */
async function callMeetsTimeout(retry: boolean, head: Partial<OutboundHead> = {}): Promise<Heard> {
  const { port } = await rawServer((socket) => {
    let count = 0;
    socket.on('data', () => {
      count += 1;
      if (count === 1) socket.write(OK);
      else socket.end(STALE);
    });
  });
  const pool = startPool(port, { retry });
  await call(pool).over();
  const heard = call(pool, head);
  if (head.framing === 'length') heard.outbound?.write(Buffer.from('x'));
  return heard.over();
}

const UNFINISHED: Partial<OutboundHead> = { method: 'POST', framing: 'length', contentLength: 9 };

test('does not take a 408 for the silence before a call as its answer', async () => {
  const repeated = await callMeetsTimeout(true);
  expect([repeated.body, repeated.reused]).toEqual(['ok', [true, false]]);
});

test('takes another connection when a 408 was there before a byte was written, whatever the request', async () => {
  for (const retry of [true, false]) {
    for (const head of [{}, UNFINISHED]) {
      const { port, sockets } = await scripted(OK);
      const pool = startPool(port, { retry });
      await call(pool).over();
      sockets[0]?.end(STALE);
      const heard = call(pool, head);
      if (head === UNFINISHED) heard.outbound?.write(Buffer.from('123456789'));
      heard.outbound?.end();
      await heard.over();
      expect([heard.body, heard.reused]).toEqual(['ok', [false]]);
    }
  }
});

test('passes a 408 on once a body is under way: it may be about this request, and it is no reset', async () => {
  for (const retry of [true, false]) {
    const unfinished = await callMeetsTimeout(retry, UNFINISHED);
    expect([unfinished.head?.status, unfinished.failed]).toEqual([408, null]);
  }
});

test('takes a 408 as the answer where it can be one', async () => {
  expect((await callMeetsTimeout(false)).head?.status).toBe(408);
  const { port, sockets } = await scripted((request) => (request.startsWith('GET') ? OK : STALE));
  const pool = startPool(port);
  const fresh = await call(pool, { method: 'PUT' }).over();
  expect([fresh.head?.status, fresh.reused]).toEqual([408, [false]]);
  await call(pool).over();
  const stalled = call(pool, UNFINISHED);
  stalled.outbound?.write(Buffer.from('x'));
  await until(() => stalled.reused[0] === true);
  passTime(pool, LIMITS.staleAnswerMs);
  sockets[1]?.end(STALE);
  expect((await stalled.over()).head?.status).toBe(408);
});
