import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../kit/until.ts';
import { atEnd, exchange, rawServer } from './kit.ts';

const TOTAL_BYTES = 512 * 1024 * 1024;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
const CHUNK = Buffer.alloc(256 * 1024, 'a');

/** Writes `TOTAL_BYTES`, waiting whenever the kernel is full. */
function pour(socket: {
  write(chunk: Buffer): boolean;
  on(event: 'drain', call: () => void): unknown;
}): void {
  let left = TOTAL_BYTES;
  const more = (): void => {
    while (left > 0) {
      left -= CHUNK.length;
      if (!socket.write(CHUNK)) return;
    }
  };
  socket.on('drain', more);
  more();
}

/** Answers GET with the large body, PUT when its large body is complete. */
async function startLargeServer(): Promise<number> {
  const { port } = await rawServer((socket) => {
    let received = -1;
    socket.on('data', (data: Buffer) => {
      if (received === -1) {
        const head = data.toString('latin1');
        const end = head.indexOf('\r\n\r\n') + 4;
        if (head.startsWith('GET /small'))
          return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        if (head.startsWith('GET')) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL_BYTES}\r\n\r\n`);
          return pour(socket);
        }
        received = data.length - end;
      } else received += data.length;
      if (received >= TOTAL_BYTES) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  return port;
}

/** Bytes of a line of `/proc/<pid>/status`: `VmRSS` is now, `VmHWM` the highest ever. */
function memoryBytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

async function startProxy(upstreamPort: number): Promise<{ port: number; pid: number }> {
  const file = fileURLToPath(new URL('proxy-process.ts', import.meta.url));
  const child = spawn(process.execPath, [file, String(upstreamPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line);
  for (let count = 0; count < 20; count += 1) {
    await exchange(port, 'GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  }
  return { port, pid: child.pid as number };
}

/** Sends a request and gives back how many bytes came, and the last ones. */
function transfer(port: number, head: string, sendsBody: boolean) {
  const socket = connect(port, '127.0.0.1');
  atEnd(() => socket.destroy());
  const got = { bytes: 0, tail: '' };
  socket.on('data', (data: Buffer) => {
    got.bytes += data.length;
    got.tail = data.toString('latin1', Math.max(0, data.length - 10));
  });
  socket.write(head);
  if (sendsBody) pour(socket);
  return got;
}

test.runIf(process.platform === 'linux')(
  'relays a gigabyte, half of it each way, in less than 64 MB',
  async () => {
    const { port, pid } = await startProxy(await startLargeServer());
    const before = memoryBytes(pid, 'VmRSS');
    const down = transfer(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', false);
    await until(() => down.bytes > TOTAL_BYTES, 'the download', 20_000);
    const head = `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL_BYTES}\r\n\r\n`;
    const up = transfer(port, head, true);
    await until(() => up.tail.endsWith('\r\n\r\nok'), 'the upload', 20_000);
    const peak = memoryBytes(pid, 'VmHWM');
    expect(peak - before).toBeLessThan(MAX_GROWTH_BYTES);
  },
  45_000,
);
