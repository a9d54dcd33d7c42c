/**
 * Attack: a small body that unpacks to a huge one. Answers are compared after their content coding is undone, so a server
 * (or whoever writes what it serves) could fill the gateway's memory with a few kilobytes.
 * Known from: CVE-2025-66471 (urllib3), CVE-2024-3651 and every scanner that unpacks.
 * Why it works: the size is known only after the work.
 * Cutover: only copies are unpacked, in a thread of their own with a heap limit, up to 4 MiB and three codings; above it
 * the bytes are compared as they are. The client's answer is never unpacked.
 */
import { constants, brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gatewayConfig } from '../kit/snapshot.ts';
import { answerOf, LenientUpstream } from './lenient-upstream.ts';
import { get, stage, statuses } from './kit.ts';

const BOMB = Buffer.alloc(64 * 1024 * 1024);
const OTHER = Buffer.alloc(64 * 1024 * 1024 + 1);
const brotli = (body: Buffer) =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
const LIMITED = gatewayConfig('http://a:1', 'http://a:1').shadow;

const BOMBS: [string, (body: Buffer) => Buffer][] = [
  ['gzip', (body) => gzipSync(body, { level: 9 })],
  ['br', brotli],
  ['deflate', (body) => deflateSync(body, { level: 9 })],
  ['zstd', (body) => zstdCompressSync(body)],
  ['gzip, gzip', (body) => gzipSync(gzipSync(body, { level: 9 }))],
  ['gzip, gzip, gzip, gzip, gzip', (body) => gzipSync(body, { level: 9 })],
];

test.each(BOMBS)('compares two bombs without unpacking them whole: %s', async (coding, pack) => {
  const [one, other] = [pack(BOMB).toString('latin1'), pack(OTHER).toString('latin1')];
  expect(one.length).toBeLessThan(LIMITED.answerBytes);
  let turn = 0;
  const on = await stage({
    rollout: { sample: 1 },
    answering: () => {
      turn += 1;
      return answerOf(
        turn % 2 === 1 ? one : other,
        `Content-Encoding: ${coding}\r\nContent-Type: application/json\r\n`,
      );
    },
  });
  await on.send(get('/warm-up'));
  await on.gateway.settled();
  const before = process.memoryUsage().rss;
  expect(statuses(await on.send(get('/bomb')))).toEqual([200]);
  const { pairs } = await on.gateway.settled();
  // What decodes to more than is unpacked is not told apart: missing evidence, and never a difference.
  expect(pairs.shadow.compared + pairs.shadow.responseTooLarge).toBe(2);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test('the client gets a bomb as it is, byte for byte', async () => {
  const bomb = gzipSync(BOMB, { level: 9 }).toString('latin1');
  const on = await stage({ answering: () => answerOf(bomb, 'Content-Encoding: gzip\r\n') });
  expect((await on.send(get('/bomb'))).endsWith(bomb)).toBe(true);
  expect(on.legacy).toBeInstanceOf(LenientUpstream);
});
