/**
 * Attack: more of something than anybody needs: streams that are reset at once, streams beyond the limit, CONTINUATION
 * frames without an end, settings and pings, field sections of megabytes, a client that reads nothing.
 * Known from: CVE-2023-44487 (rapid reset), CVE-2024-27983 and VU#421644 (CONTINUATION), CVE-2019-9512 and -9515 (pings,
 * settings).
 * Why it works: each of these costs the sender one frame and the receiver memory, a stream or an answer in a queue;
 * what is cancelled is not counted by a limit on what is open.
 * Cutover: the connection ends or the streams are refused; others are served meanwhile, and servers see at most what was
 * really asked.
 */
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import {
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  expectServedH2,
  fields,
  frame,
  h2Stage,
  HEADERS,
  PING,
  pseudo,
  RawH2,
  RST_STREAM,
  SETTINGS,
} from './h2-kit.ts';

const CANCEL = Buffer.from([0, 0, 0, 8]);

test('a client that opens and resets streams at once loses its connection', async () => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  for (let count = 0; count < LIMITS.h2ResetBurst * 4; count += 1) {
    const stream = client.request(pseudo(`/reset-${count}`));
    client.write(frame(RST_STREAM, 0, stream, CANCEL));
  }
  await until(() => client.isOver, 'the end of the connection');
  await expectServedH2(on);
});

test('a field section that does not end costs its connection', async () => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  client.write(frame(HEADERS, END_STREAM, 1, fields(pseudo())));
  for (let count = 0; count < 2_000; count += 1)
    client.write(frame(CONTINUATION, 0, 1, fields([[`x-${count}`, 'y'.repeat(100)]])));
  await until(() => client.isOver, 'the end of the connection');
  expect(on.legacy.bytes).toBe('');
  await expectServedH2(on);
});

test('a field section over the limit reaches no server', async () => {
  const on = await h2Stage();
  for (const list of [
    Array.from({ length: 40 }, (_, index) => [`x-${index}`, 'y'.repeat(1_000)] as const),
    Array.from({ length: LIMITS.headFields + 20 }, (_, index) => [`x-${index}`, 'y'] as const),
  ]) {
    const client = new RawH2(on.port);
    const [first, ...rest] = [list.slice(0, 15), list.slice(15, 60), list.slice(60)];
    client.write(frame(HEADERS, END_STREAM, 1, fields([...pseudo(), ...first])));
    for (const [at, part] of rest.entries())
      client.write(frame(CONTINUATION, at === rest.length - 1 ? END_HEADERS : 0, 1, fields(part)));
    await client.outcome(1);
    expect(client.status(1)).not.toBe(200);
    client.socket.destroy();
  }
  expect(on.legacy.bytes).toBe('');
  await expectServedH2(on);
});

test.each([
  ['settings', frame(SETTINGS, 0, 0)],
  ['pings', frame(PING, 0, 0, Buffer.alloc(8))],
])('a client that sends %s and reads nothing is cut off', async (_, one) => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  const stream = client.request(pseudo());
  expect(await client.outcome(stream)).toBe('answered');
  client.socket.pause();
  const burst = Buffer.concat(Array.from({ length: 1_000 }, () => one));
  const send = (): void => {
    if (!client.socket.destroyed && client.socket.write(burst)) setImmediate(send);
  };
  client.socket.on('drain', send);
  send();
  await until(() => client.isOver, 'the end of the connection', 20_000);
  await expectServedH2(on);
});

test('streams beyond the limit of a connection are refused, and the others are served', async () => {
  const on = await h2Stage();
  const client = new RawH2(on.port);
  const streams = Array.from({ length: LIMITS.h2Streams + 20 }, () => client.request(pseudo(), END_HEADERS));
  const outcomes = await Promise.all(streams.slice(LIMITS.h2Streams).map((stream) => client.outcome(stream)));
  expect(outcomes.every((outcome) => outcome !== 'answered')).toBe(true);
  await expectServedH2(on);
});
