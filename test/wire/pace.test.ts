import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import { until } from '../kit/until.ts';
import { atEnd, RawClient, startServer } from './kit.ts';
import type { Seen } from './kit.ts';

const PACE = { bytesPerSec: 1_000, graceMs: 500 };
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** Three times the grace: who is not given up by then is not given up. */
const LONG_MS = 1_500;

function every(ms: number, work: () => void): void {
  const timer = setInterval(work, ms);
  atEnd(() => clearInterval(timer));
}

async function pass(ms: number): Promise<void> {
  const since = monotonicMs();
  await until(() => monotonicMs() - since >= ms, 'time to pass');
}

function stream({ inbound }: Seen): void {
  inbound.respond({
    status: 200,
    reason: '',
    fields: new HeaderFields(),
    framing: 'close',
    contentLength: -1,
  });
}

/** Writes as much as the client takes, for ever. */
function pour(seen: Seen): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    for (let wrote = 0; wrote < 100; wrote += 1) if (!seen.inbound.write(chunk)) return;
    setImmediate(more);
  };
  seen.onRoom = more;
  more();
}

test('gives up a client that drips its body, although it is never silent for long', async () => {
  const { port, seen } = await startServer(undefined, { pace: PACE });
  const client = new RawClient(port);
  client.send(POST);
  const since = monotonicMs();
  every(50, () => client.send('a'));
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('client_stalled');
  expect(monotonicMs() - since).toBeGreaterThan(PACE.graceMs * 0.9);
  expect(monotonicMs() - since).toBeLessThan(PACE.graceMs * 3);
  await client.over();
});

test('waits for a slow client that sends at the required rate', async () => {
  const { port, seen } = await startServer(undefined, { pace: PACE });
  const client = new RawClient(port);
  client.send(POST);
  every(100, () => client.send('a'.repeat(150)));
  await pass(LONG_MS);
  expect(seen[0]?.aborted).toBeNull();
  expect(client.closed).toBe(false);
});

test('lets a client that was fast pause for longer than the grace', async () => {
  const { port, seen } = await startServer(undefined, { pace: PACE });
  const client = new RawClient(port);
  client.send(POST);
  const since = monotonicMs();
  every(50, () => {
    if (monotonicMs() - since < 1_000) client.send('a'.repeat(1_000));
  });
  await pass(1_000 + PACE.graceMs * 2);
  expect(seen[0]?.aborted).toBeNull();
});

test('does not call a client slow whose body nobody wants yet', async () => {
  const { port, seen } = await startServer(undefined, { pace: PACE });
  const client = new RawClient(port);
  client.send(`${POST}abc`);
  await pass(PACE.graceMs / 2);
  seen[0]?.inbound.pause();
  await pass(LONG_MS);
  expect(seen[0]?.aborted).toBeNull();
});

test('leaves a conversation alone: a body that goes on while its answer has begun', async () => {
  const { port, seen } = await startServer(stream, { pace: PACE });
  const client = new RawClient(port);
  client.send(POST);
  every(50, () => client.send('a'));
  await pass(LONG_MS);
  expect(seen[0]?.aborted).toBeNull();
});

test('leaves long polls and event streams alone, which wait for us', async () => {
  const { port, seen } = await startServer(
    (one) => {
      if (one.head.path === '/events') stream(one);
    },
    { pace: PACE },
  );
  const poll = new RawClient(port);
  poll.send(GET);
  const events = new RawClient(port);
  events.send(GET.replace('/ ', '/events '));
  await until(() => seen.length === 2);
  every(600, () => seen[1]?.inbound.write(Buffer.from('data: 1\n\n')));
  await pass(LONG_MS);
  expect(seen.map((one) => one.aborted)).toEqual([null, null]);
});

test('gives up a client that reads nothing any more, however much was taken for it before', async () => {
  const { port, seen } = await startServer(stream, { pace: PACE, writeIdleMs: 60_000 });
  const client = new RawClient(port);
  client.send(GET);
  await until(() => seen[0]?.bodyDone);
  pour(seen[0] as Seen);
  await pass(PACE.graceMs / 2);
  client.socket.pause();
  const since = monotonicMs();
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('client_stalled');
  expect(monotonicMs() - since).toBeLessThan(PACE.graceMs * 8);
});

test('gives up a client that reads a few bytes now and then', async () => {
  const pace = { bytesPerSec: 10_000_000, graceMs: 500 };
  const { port, seen } = await startServer(stream, { pace });
  const client = new RawClient(port);
  client.socket.pause();
  client.send(GET);
  await until(() => seen[0]?.bodyDone);
  pour(seen[0] as Seen);
  every(20, () => client.socket.read(1_000));
  await until(() => seen[0]?.aborted);
  expect(seen[0]?.aborted).toBe('client_stalled');
});

test('goes on with a client that reads slowly and steadily', async () => {
  // The client's kernel opens its window in steps, so that what it takes is less steady than what is read.
  const pace = { bytesPerSec: 1_000, graceMs: 1_500 };
  const { port, seen } = await startServer(stream, { pace });
  const client = new RawClient(port);
  client.socket.pause();
  client.send(GET);
  await until(() => seen[0]?.bodyDone);
  pour(seen[0] as Seen);
  every(20, () => {
    client.socket.resume();
    setImmediate(() => client.socket.pause());
  });
  await pass(pace.graceMs * 2);
  expect(seen[0]?.aborted).toBeNull();
});

test('begins anew with every request of a connection', async () => {
  const { port, seen } = await startServer(undefined, { pace: PACE });
  const client = new RawClient(port);
  const part = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na';
  for (let request = 0; request < 4; request += 1) {
    client.send(part);
    await until(() => seen[request]?.body === 'a');
    await pass(PACE.graceMs * 0.7);
    client.send('b');
    await until(() => seen[request]?.finished);
  }
  expect(seen.map((one) => one.body)).toEqual(['ab', 'ab', 'ab', 'ab']);
});

test('takes what a slow head has used off the time of its body, and leaves a part of it', async () => {
  const pace = { bytesPerSec: 1_000, graceMs: 2_000 };
  const { port, seen } = await startServer(undefined, { pace, headTimeoutMs: 3_000 });
  const client = new RawClient(port);
  const since = monotonicMs();
  client.send('POST / HTTP/1.1\r\nHost: a\r\n');
  every(100, () => client.send(seen.length === 0 ? 'X: a\r\n' : 'a'));
  await pass(2_400);
  client.send('Content-Length: 1000000\r\n\r\n');
  await until(() => seen[0]?.aborted, 'the end', 10_000);
  expect(seen[0]?.aborted).toBe('client_stalled');
  const tookMs = monotonicMs() - since;
  // 2.4 s and a quarter of the grace, and not the whole grace.
  expect(tookMs).toBeGreaterThan(2_850);
  expect(tookMs).toBeLessThan(2_400 + pace.graceMs * 0.8);
  await client.over();
});

test('does not hold a fast head, nor time before a later request, against a body', async () => {
  const pace = { bytesPerSec: 1_000, graceMs: 1_000 };
  const { port, seen } = await startServer(undefined, { pace, headTimeoutMs: 2_000 });
  const client = new RawClient(port);
  client.send(GET);
  await client.expect('ok');
  await pass(LONG_MS);
  const since = monotonicMs();
  client.send(POST);
  every(50, () => client.send('a'));
  await until(() => seen[1]?.aborted);
  expect(monotonicMs() - since).toBeGreaterThan(pace.graceMs * 0.9);
  await client.over();
});
