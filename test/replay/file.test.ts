import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CaptureFile } from '../../src/replay/capture/file.ts';
import type { CaptureItem } from '../../src/replay/capture/types.ts';
import { get, gorText, harText, logText } from './kit.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-capture-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function itemsOf(capture: CaptureFile): Promise<CaptureItem[]> {
  const items: CaptureItem[] = [];
  for await (const batch of capture.batches()) items.push(...batch);
  return items;
}

const some = Array.from({ length: 50 }, (_, at) => get(`/item/${at}`));

test('a compressed capture gives what the plain one gives, whatever it is called', async () => {
  for (const text of [gorText(some), logText(some), harText(some)]) {
    const plain = new CaptureFile(write('plain.bin', text), null);
    const packed = new CaptureFile(write('packed.bin', gzipSync(text)), null);
    expect(packed.facts.format).toBe(plain.facts.format);
    const items = await itemsOf(plain);
    expect(items).toHaveLength(50);
    expect(await itemsOf(packed)).toEqual(items);
    expect(plain.bytesRead).toBe(Buffer.byteLength(text));
  }
});

test('parts that were compressed one after another are read as one', async () => {
  const parts = Buffer.concat([gzipSync(gorText(some)), gzipSync(gorText(some))]);
  expect(await itemsOf(new CaptureFile(write('parts.gor.gz', parts), null))).toHaveLength(100);
});

test('a compressed capture that was cut short says so and loses only its end', async () => {
  const whole = gzipSync(logText(Array.from({ length: 5_000 }, (_, at) => get(`/${at * 7919}`))));
  const capture = new CaptureFile(write('cut.log.gz', whole.subarray(0, whole.length >> 1)), null);
  const items = await itemsOf(capture);
  expect(capture.cut).toMatch(/unexpected end of file/);
  expect(items.length).toBeGreaterThan(1_000);
  expect(items.slice(0, -1).every(({ why }) => why === null)).toBe(true);
  expect(items.at(-1)?.why).toBe('truncated');
});

test('a damaged compressed capture ends where it is damaged', async () => {
  const bytes = gzipSync(logText(some));
  bytes.fill(0xff, bytes.length >> 1);
  const capture = new CaptureFile(write('damaged.gz', bytes), 'log');
  await itemsOf(capture);
  expect(capture.cut).not.toBeNull();
});

test('a file that is not there, a folder and an empty file are told by name', () => {
  expect(() => new CaptureFile(join(folder, 'gone.gor'), null)).toThrow(/gone\.gor cannot be read: ENOENT/);
  expect(() => new CaptureFile(folder, null)).toThrow(/cannot be read/);
  expect(() => new CaptureFile(write('empty', ''), null)).toThrow(/it is empty/);
});

test('the last record of a log that is still being written is told apart', async () => {
  const items = await itemsOf(
    new CaptureFile(write('open.log', `${logText(some)}192.0.2.1 - - [24/No`), null),
  );
  expect(items.map(({ why }) => why).filter((why) => why !== null)).toEqual(['truncated']);
});

test('a record that is too large is dropped while it arrives, and the next one is found', async () => {
  const lines = [logText([get('/a')]), `${'x'.repeat(3_000_000)}\n`, logText([get('/b')])];
  const items = await itemsOf(new CaptureFile(write('long.log', lines.join('')), null));
  expect(items.map(({ why, line }) => [why, line])).toEqual([
    [null, 1],
    ['record_too_large', 2],
    [null, 3],
  ]);
});

test('a capture of many megabytes is read in a few, as fast as it is taken', async () => {
  const block = Buffer.from(
    logText(Array.from({ length: 10_000 }, (_, at) => get(`/item/${at}?q=${'a'.repeat(40)}`))),
  );
  const blocks = Math.ceil((160 * 1024 * 1024) / block.length);
  const path = join(folder, 'large.log.gz');
  await pipeline(
    function* () {
      for (let count = 0; count < blocks; count += 1) yield block;
    },
    createGzip({ level: 1 }),
    createWriteStream(path),
  );
  const capture = new CaptureFile(path, null);
  let seen = 0;
  let peak = 0;
  globalThis.gc?.();
  const before = process.memoryUsage();
  for await (const batch of capture.batches()) {
    seen += batch.filter(({ request }) => request !== null).length;
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + external + arrayBuffers);
  }
  expect(seen).toBe(blocks * 10_000);
  expect(peak - before.heapUsed - before.external - before.arrayBuffers).toBeLessThan(80 * 1024 * 1024);
}, 120_000);

test('no more of a capture is read than is taken', async () => {
  const path = write('much.log', logText(Array.from({ length: 200_000 }, (_, at) => get(`/${at}`))));
  const capture = new CaptureFile(path, null);
  const batches = capture.batches();
  await batches.next();
  await new Promise((resolve) => createReadStream(path).resume().once('close', resolve));
  expect(capture.bytesRead).toBeLessThan(4 * 256 * 1024);
  await batches.return(undefined);
  expect(readFileSync(path).length).toBeGreaterThan(10 * 1024 * 1024);
});
