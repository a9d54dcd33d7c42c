import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { Clients } from '../../src/scenario/client.ts';
import { OpenLoop } from '../../src/scenario/open-loop.ts';
import { scheduleOf } from '../../src/scenario/schedule.ts';
import { ClientTally } from '../../src/scenario/tally.ts';
import { until } from '../kit/until.ts';

const STALL_MS = 300;

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const request = { method: 'GET', target: '/', headers: [], body: null };

function send(origin: string, rate: number, forMs: number): { loop: OpenLoop; tally: ClientTally } {
  const tally = new ClientTally();
  const schedule = scheduleOf({ at: 0, rate, for: forMs });
  const stretch = { schedule, clients: new Clients(origin), random: seededRandom(1), next: () => request };
  return { tally, loop: new OpenLoop([stretch], tally) };
}

test('a server that stalls shows it in every request that was due meanwhile', async () => {
  let seen = 0;
  let releaseAt = 0;
  const waiting: (() => void)[] = [];
  const server = createServer((_request, response) => {
    seen += 1;
    if (seen === 20) {
      releaseAt = 1;
      setTimeout(() => {
        releaseAt = 0;
        for (const release of waiting.splice(0)) release();
      }, STALL_MS);
    }
    if (releaseAt === 1) waiting.push(() => response.end());
    else response.end();
  });
  const { loop, tally } = send(await listening(server), 200, 1_000);
  await until(() => seen === 200, 'all requests to arrive');
  await loop.stop(2_000);
  const result = tally.result();
  expect(result).toMatchObject({ requests: 200, errors: 0, statuses: { 200: 200 } });
  // 60 of 200 requests were due in the stall: they waited 150 ms at the median of them, and the first one all of it.
  expect(result.maxMs).toBeGreaterThan(STALL_MS * 0.9);
  expect(result.p99Ms).toBeGreaterThan(STALL_MS * 0.8);
  expect(result.p50Ms).toBeLessThan(STALL_MS / 2);
});

test('latency counts from the moment a request was due, also when the client itself was late', async () => {
  const server = createServer((_request, response) => response.end());
  const { loop, tally } = send(await listening(server), 200, 600);
  await until(() => tally.result().requests > 5, 'traffic to flow');
  const untilMs = monotonicMs() + 450;
  while (monotonicMs() < untilMs);
  await until(() => tally.result().requests === 120, 'all answers');
  await loop.stop(0);
  expect(tally.result()).toMatchObject({ errors: 0, statuses: { 200: 120 } });
  // 90 of 120 were due while nobody could send them.
  expect(tally.result().p50Ms).toBeGreaterThan(120);
});

test('requests are sent on time although no answer comes, and end as unfinished', async () => {
  let seen = 0;
  let connections = 0;
  const server = createServer(() => {
    seen += 1;
  });
  server.on('connection', () => (connections += 1));
  const { loop, tally } = send(await listening(server), 200, 500);
  await until(() => seen === 100, 'all requests to arrive');
  await loop.stop(50);
  expect(connections).toBe(100);
  expect(tally.result()).toMatchObject({
    requests: 100,
    errors: 100,
    bad: 100,
    errorCodes: { UNFINISHED: 100 },
    p50Ms: null,
  });
});

test('a refused connection and a cut answer are client errors by their code, sent once each', async () => {
  let seen = 0;
  const server = createServer((_request, response) => {
    seen += 1;
    response.writeHead(200, { 'content-length': 10 });
    response.write('half', () => response.destroy());
  });
  const cut = send(await listening(server), 100, 200);
  const refused = send('http://127.0.0.1:1', 100, 200);
  await until(() => cut.tally.result().requests + refused.tally.result().requests === 40, 'all to end');
  await Promise.all([cut.loop.stop(0), refused.loop.stop(0)]);
  expect(seen).toBe(20);
  expect(cut.tally.result()).toMatchObject({ errors: 20, statuses: {} });
  expect(refused.tally.result().errorCodes).toEqual({ ECONNREFUSED: 20 });
});

test('answers of 500 and more are bad, and no errors', async () => {
  const server = createServer((_request, response) => {
    response.statusCode = 503;
    response.end('no');
  });
  const { loop, tally } = send(await listening(server), 100, 100);
  await until(() => tally.result().requests === 10, 'all answers');
  await loop.stop(0);
  expect(tally.result()).toMatchObject({ errors: 0, bad: 10, statuses: { 503: 10 } });
});
