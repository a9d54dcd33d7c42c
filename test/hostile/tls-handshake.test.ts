/**
 * Attack: what comes in the place of a handshake, or inside of one: plain HTTP, noise, a ClientHello drop by drop or in
 * pieces, lengths that lie, versions and ciphers that are broken, a renegotiation without end.
 * Known from: CVE-2009-3555 and CVE-2011-1473 (renegotiation), POODLE and BEAST (old versions), slowloris over TLS,
 * CVE-2026-21637 (Node: a callback that throws ends the process).
 * Why it works: a handshake comes before every other check, is paid by the server, and a parser of its first record
 * that trusts a length or throws in a callback takes the worker with it.
 * Cutover: a ClientHello is read with every length checked, and then by OpenSSL; both must agree. One deadline for all of
 * it. No server sees a byte, and the next client is served.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { readClientHello } from '../../src/wire/client-hello.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import { until } from '../kit/until.ts';
import { get, RawClient } from './kit.ts';
import { expectServed, helloBytes, refusals, secured, secureStage } from './tls-kit.ts';
import type { SecureStage } from './tls-kit.ts';

const QUICK = { ...gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:2').timeouts, headMs: 600 };

async function sendRaw(port: number, ...pieces: Buffer[]): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let isOver = false;
  socket
    .on('error', () => undefined)
    .on('close', () => (isOver = true))
    .resume();
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  await until(() => isOver || socket.destroyed, 'the end', 15_000);
}

async function expectUnheard(on: SecureStage): Promise<void> {
  expect(on.legacy.bytes + on.candidate.bytes).toBe('');
  await expectServed(on, {});
}

test('plain HTTP and noise on a TLS port are refused without a word of a server', async () => {
  const on = await secureStage(secured(), { timeouts: QUICK });
  const plain = new RawClient(on.port);
  plain.write(get('/smuggled'));
  await plain.over();
  await sendRaw(on.port, randomBytes(600));
  await sendRaw(on.port, Buffer.concat([Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196]), randomBytes(196)]));
  await sendRaw(on.port, Buffer.from([22, 3, 1, 0x7f, 0xff, 1]));
  await sendRaw(on.port, Buffer.from([22, 3, 1, 0, 0]));
  expect(refusals(on)).toEqual({ tls_handshake: 5 });
  await expectUnheard(on);
});

test('a ClientHello with one wrong byte never crashes, never hangs and never reaches a server', async () => {
  const on = await secureStage(secured(), { timeouts: QUICK });
  const hello = await helloBytes();
  const at = [0, 1, 3, 4, 5, 6, 8, 9, 43, 44, 76, 77, 78, 100, 150, hello.length - 1];
  await Promise.all(
    at.map(async (index) => {
      const broken = Buffer.from(hello);
      broken[index] = (broken[index] ?? 0) ^ 0xff;
      await sendRaw(on.port, broken.subarray(0, hello.length), Buffer.from([21, 3, 3, 0, 2, 2, 10]));
    }),
  );
  await expectUnheard(on);
}, 30_000);

test('a handshake that never ends is cut by one deadline, however many pieces it comes in', async () => {
  const on = await secureStage(secured(), { timeouts: QUICK });
  const hello = await helloBytes();
  const slow = connect({ port: on.port, host: '127.0.0.1', noDelay: true });
  let isOver = false;
  slow
    .on('error', () => undefined)
    .on('close', () => (isOver = true))
    .resume();
  let sent = 0;
  const timer = setInterval(() => slow.write(hello.subarray(sent, ++sent)), 20);
  await until(() => isOver, 'the deadline', 10_000);
  clearInterval(timer);
  expect(sent).toBeLessThan(hello.length);
  expect(refusals(on)).toEqual({ tls_handshake: 1 });
  await expectUnheard(on);
});

test('a ClientHello in pieces and in several records is read as what it is', async () => {
  const hello = await helloBytes();
  const whole = readClientHello(hello, 16_384);
  expect(whole).toMatchObject({ kind: 'hello', hello: { serverName: 'localhost', ticketKeyName: null } });
  for (let cut = 0; cut < hello.length; cut += 1)
    expect(readClientHello(hello.subarray(0, cut), 16_384)).toEqual({ kind: 'more' });
  const body = hello.subarray(5);
  const record = (part: Buffer) =>
    Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part]);
  const halves = Buffer.concat([record(body.subarray(0, 100)), record(body.subarray(100))]);
  expect(readClientHello(halves, 16_384)).toEqual(whole);
  expect(readClientHello(hello, 100)).toEqual({ kind: 'other' });
});

test('old versions and weak ciphers are refused, and so is a fallback to them', async () => {
  const on = await secureStage(secured());
  const weak = 'ALL:@SECLEVEL=0';
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const seen = await on.ask({ minVersion: version, maxVersion: version, ciphers: weak });
    expect(seen.statuses).toEqual([]);
  }
  for (const ciphers of ['AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA']) {
    const seen = await on.ask({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` });
    expect(seen.statuses).toEqual([]);
  }
  await expectUnheard(on);
});

test('a client that renegotiates is not followed, and its connection costs nothing more', async () => {
  const on = await secureStage(secured());
  const client = on.hold({ maxVersion: 'TLSv1.2' });
  expect(await client.ask()).toBe(200);
  let isNew = false;
  client.socket.renegotiate({}, (error) => (isNew ||= error === null));
  // Its request waits behind the handshake that it asked for: it gets an answer when there is none, and else the end.
  client.write(get('/after'));
  await Promise.race([client.ask('/again'), new Promise((resolve) => setTimeout(resolve, 1_500))]);
  expect(isNew).toBe(false);
  on.legacy.forget();
  await expectUnheard(on);
});
