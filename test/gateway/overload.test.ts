import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { Overload } from '../../src/gateway/overload.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { Connection } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

const BUSY = LIMITS.overloadExchanges * 4;

function isDecided(samples: number, spanMs: number): boolean {
  return samples >= LIMITS.overloadSamples && spanMs >= LIMITS.overloadIntervalMs;
}

/** An admission that is fed by hand. */
function admission(maxExchanges = 1_000) {
  const seen = { exchanges: BUSY, copies: { paused: false }, log: [] as string[] };
  const overload = new Overload(
    {
      copies: seen.copies,
      exchanges: () => seen.exchanges,
      log: (level, message) => seen.log.push(`${level} ${message}`),
    },
    { maxExchanges, loopDelayMs: 40 },
  );
  let nowMs = 0;
  /** One decision: measurements of these delays, in turn. */
  const interval = (...lateMs: number[]) => {
    const samples = Math.max(lateMs.length, LIMITS.overloadIntervalMs / LIMITS.overloadSampleMs);
    let spanMs = 0;
    for (let index = 0; index < samples && !isDecided(index, spanMs); index += 1) {
      const late = lateMs[index % lateMs.length] ?? 0;
      nowMs += late + LIMITS.overloadSampleMs;
      spanMs += late + LIMITS.overloadSampleMs;
      overload.tick(nowMs);
    }
  };
  /** Asks in a round that came so late. */
  const refusedOf = (requests: number, lateMs = 0) => {
    const startedUs = (nowMs + LIMITS.overloadSampleMs + lateMs) * 1_000;
    return Array.from({ length: requests }, () => overload.refuses(seen.exchanges, startedUs)).filter(Boolean)
      .length;
  };
  return { overload, seen, interval, refusedOf };
}

test('admits everybody while the event loop is quick', () => {
  const { interval, refusedOf, seen } = admission();
  for (let count = 0; count < 10; count += 1) interval(1, 15, 3);
  expect([refusedOf(1_000), seen.copies.paused, seen.log]).toEqual([0, false, []]);
});

test('a pause of the event loop refuses nobody, a delay that stands does', () => {
  const { interval, refusedOf } = admission();
  interval(900, 0);
  expect(refusedOf(100)).toBe(0);
  interval(0, 60);
  expect(refusedOf(100, 230)).toBe(0);
  interval(90, 80, 120, 100);
  expect(refusedOf(100)).toBe(50);
});

test('a round that is late already takes no more work once the delay stands', () => {
  const { interval, refusedOf } = admission();
  interval(90, 80, 120, 100);
  expect([refusedOf(100, 79), refusedOf(100, 81)]).toEqual([50, 100]);
});

test('the share that is admitted follows the delay down, stays in between and comes back within a second', () => {
  const { overload, interval } = admission();
  interval(50);
  expect(overload.admittedShare).toBeCloseTo(0.8);
  interval(50);
  expect(overload.admittedShare).toBeCloseTo(0.64);
  interval(30);
  expect(overload.admittedShare).toBeCloseTo(0.64);
  for (let count = 0; count < 50; count += 1) interval(400);
  expect(overload.admittedShare).toBe(LIMITS.overloadLeastShare);
  for (let ms = 0; ms < 1_000; ms += LIMITS.overloadIntervalMs) interval(0);
  expect(overload.admittedShare).toBe(1);
});

test('copies go before any client is refused, and come back after the clients', () => {
  const { overload, seen, interval, refusedOf } = admission();
  interval(25);
  expect([seen.copies.paused, refusedOf(100)]).toEqual([true, 0]);
  interval(500);
  while (overload.admittedShare < 1) interval(0);
  expect(seen.copies.paused).toBe(true);
  for (let count = 0; count < LIMITS.overloadCalmIntervals; count += 1) interval(0);
  expect(seen.copies.paused).toBe(false);
});

test('copies come back although the event loop pauses now and then, and both is said once', () => {
  const { seen, interval } = admission();
  for (let count = 0; count < 3; count += 1) interval(25);
  expect(seen.copies.paused).toBe(true);
  for (let count = 0; count < LIMITS.overloadCalmIntervals + 5; count += 1) {
    if (count % 10 === 0) interval(0, 55, 0);
    else interval(0);
  }
  expect(seen.copies.paused).toBe(false);
  expect(seen.log).toEqual([
    `warn copies stop: ${BUSY} exchanges, 25 ms of event-loop delay`,
    'info copies begin again',
  ]);
});

test('slow servers with few exchanges refuse nobody, whatever the delay', () => {
  const { interval, refusedOf, seen } = admission();
  seen.exchanges = LIMITS.overloadExchanges - 1;
  for (let count = 0; count < 20; count += 1) interval(800);
  expect([refusedOf(1_000), seen.copies.paused]).toEqual([0, false]);
});

test('more exchanges than configured are refused at once, and copies stop before that', () => {
  const { interval, refusedOf, seen } = admission(100);
  seen.exchanges = 80;
  interval(0);
  expect([refusedOf(100), seen.copies.paused]).toEqual([0, true]);
  seen.exchanges = 100;
  expect(refusedOf(100)).toBe(100);
  interval(0);
  expect(seen.log.filter((line) => line.startsWith('warn overload: 100 exchanges'))).toHaveLength(1);
});

interface Served {
  /** Share of what the worker can serve at the most. */
  readonly goodput: number;
  /** Of the requests that were served, milliseconds. */
  readonly p99Ms: number;
  /** From the end of the load until nobody is refused. */
  readonly recoveryMs: number;
}

const SERVE_MS = 0.1;
const REFUSE_MS = 0.01;
const LOAD_MS = 4_000;

/** A worker in virtual time: each round of its loop takes what has arrived, at three times what it can serve. */
function threeTimesTooMuch(loopDelayMs: number): Served {
  let nowMs = 0;
  let waiting = 0;
  const overload = new Overload(
    { copies: { paused: false }, exchanges: () => waiting, log: () => undefined },
    { maxExchanges: 1_000_000, loopDelayMs },
  );
  const latencies: number[] = [];
  const everyMs = SERVE_MS / 3;
  let timerMs = LIMITS.overloadSampleMs;
  let next = 0;
  let lastRefusedMs = 0;
  overload.tick(0);
  while (nowMs < LOAD_MS || overload.admittedShare < 1) {
    if (nowMs >= timerMs) {
      overload.tick(nowMs);
      timerMs = nowMs + LIMITS.overloadSampleMs;
    }
    const arrived = Math.floor(Math.min(nowMs, LOAD_MS) / everyMs);
    waiting = arrived - next;
    for (; next < arrived; next += 1) {
      if (overload.refuses(waiting, nowMs * 1_000)) {
        nowMs += REFUSE_MS;
        lastRefusedMs = nowMs;
      } else {
        nowMs += SERVE_MS;
        latencies.push(nowMs - next * everyMs);
      }
    }
    waiting = 0;
    nowMs += SERVE_MS;
  }
  latencies.sort((one, other) => one - other);
  return {
    goodput: (latencies.length * SERVE_MS) / Math.max(nowMs, LOAD_MS),
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    recoveryMs: Math.max(0, lastRefusedMs - LOAD_MS),
  };
}

test('at three times its capacity a worker serves on at a bounded delay, which collapses without the guard', () => {
  const guarded = threeTimesTooMuch(40);
  const unguarded = threeTimesTooMuch(0);
  expect(guarded.p99Ms).toBeLessThan(400);
  expect(unguarded.p99Ms).toBeGreaterThan(5 * guarded.p99Ms);
  // What is left when two refusals of a tenth of the work come with each request that is served.
  expect(guarded.goodput).toBeGreaterThan(0.6);
  expect(guarded.recoveryMs).toBeLessThan(1_000);
});

test('answers 503 with Retry-After on a connection that stays, counts it at the edge and copies nothing', async () => {
  const legacy = await upstream().hangs().start();
  const candidate = await upstream().json({}).start();
  onTestFinished(async () => void (await Promise.all([legacy.stop(), candidate.stop()])));
  const running = await inProcessGateway({ legacy, candidate }, { sample: 1 }, { maxExchanges: 2 });
  const waiting = await Promise.all([Connection.open(running.url), Connection.open(running.url)]);
  for (const connection of waiting) connection.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => legacy.count() === 2, 'two exchanges under way');
  const client = await Connection.open(running.url);
  onTestFinished(() => [client, ...waiting].forEach((connection) => connection.close()));
  for (const request of [{}, { method: 'POST', body: 'x'.repeat(10_000) }, { method: 'HEAD' }]) {
    const answer = await client.request(request);
    expect([answer.status, headerOf(answer, 'retry-after'), headerOf(answer, 'x-cutover-error')]).toEqual([
      503,
      '1',
      'overloaded',
    ]);
    expect(headerOf(answer, 'connection')).not.toBe('close');
  }
  const { edge, lanes } = running.summary();
  expect([edge['overloaded'], lanes.legacy.bad, lanes.candidate.bad]).toEqual([3, 0, 0]);
  expect(legacy.count()).toBe(2);
});

test('a worker whose event loop is late refuses some, and admits everybody again when it is calm', async () => {
  const legacy = await upstream().json({}).start();
  const held = await upstream().hangs().start();
  onTestFinished(async () => void (await Promise.all([legacy.stop(), held.stop()])));
  const running = await inProcessGateway({ legacy: held, candidate: legacy });
  const waiting = await Promise.all(Array.from({ length: BUSY }, () => Connection.open(running.url)));
  onTestFinished(() => waiting.forEach((connection) => connection.close()));
  for (const connection of waiting) connection.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => held.count() === BUSY, 'exchanges under way');
  running.apply({ config: { loopDelayMs: 60 } });
  let blocking = true;
  const block = (): void => {
    const untilMs = monotonicMs() + 200;
    while (monotonicMs() < untilMs);
    if (blocking) setImmediate(block);
  };
  block();
  await until(
    () => running.log.some((line) => line.startsWith('warn overload')),
    'the overload to be seen',
    20_000,
  );
  blocking = false;
  await until(() => running.log.some((line) => line.startsWith('info overload is over')), 'its end', 20_000);
});
