import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../../kit/gateway.ts';
import { until } from '../../kit/until.ts';
import { upstream } from '../../kit/upstream.ts';
import { rawServer } from '../../wire/kit.ts';

/** Each way. */
const TOTAL_BYTES = 1024 * 1024 * 1024;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
const BLOCK = Buffer.alloc(256 * 1024, 'a');
const CHUNK = Buffer.concat([Buffer.from(`${BLOCK.length.toString(16)}\r\n`), BLOCK, Buffer.from('\r\n')]);
const LAST_CHUNK = '0\r\n\r\n';

/** A body on its way: bytes that its sender has not written yet. */
interface Pour {
  left: number;
}

/** Writes the large body, waiting whenever the kernel is full. */
function pour(socket: Socket, isChunked: boolean): Pour {
  const state = { left: TOTAL_BYTES };
  const more = (): void => {
    while (state.left > 0) {
      state.left -= BLOCK.length;
      const hasRoom = socket.write(isChunked ? CHUNK : BLOCK);
      if (state.left === 0 && isChunked) socket.write(LAST_CHUNK);
      if (!hasRoom) return;
    }
  };
  socket.on('drain', more);
  more();
  return state;
}

/** Bytes that arrived, and the last of them; what arrives while it is held waits in the kernel. */
class Sink {
  bytes = 0;
  tail = '';
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => {
      this.bytes += data.length;
      this.tail = (this.tail + data.toString('latin1', Math.max(0, data.length - 10))).slice(-10);
    });
  }
}

/** GET pours the body; PUT is answered when all of its body is here, and not read before it is told to. */
async function startServer() {
  // Each connection carries one request: what comes after the first read belongs to its body.
  const state: { pour: Pour | null; sink: Sink | null } = { pour: null, sink: null };
  const { port } = await rawServer((socket) => {
    socket.once('data', (data: Buffer) => {
      const head = data.toString('latin1');
      const isChunked = head.includes('/chunked');
      const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${TOTAL_BYTES}`;
      if (head.startsWith('GET /small')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else if (head.startsWith('GET')) {
        socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n${framing}\r\n\r\n`);
        state.pour = pour(socket, isChunked);
      } else {
        socket.pause();
        state.sink = new Sink(socket);
        state.sink.bytes = data.length - head.indexOf('\r\n\r\n') - 4;
        socket.on('data', () => {
          const isWhole = isChunked
            ? state.sink?.tail.endsWith(LAST_CHUNK)
            : (state.sink?.bytes ?? 0) >= TOTAL_BYTES;
          if (isWhole === true) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
      }
    });
  });
  return { url: `http://127.0.0.1:${port}`, state };
}

/** Bytes of a line of `/proc/<pid>/status`: `VmRSS` is now, `VmHWM` the highest ever. */
function memoryBytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

/** Waits until a sender got no further between two looks: everything between it and its receiver is full. */
async function stalled(current: () => Pour | null): Promise<void> {
  let before = -1;
  let same = 0;
  await until(() => {
    const { left = -1 } = current() ?? {};
    same = left === before && left !== -1 ? same + 1 : 0;
    before = left;
    return same === 20;
  }, 'a sender that waits');
  expect(before).toBeGreaterThan(TOTAL_BYTES / 2);
}

test.runIf(process.platform === 'linux').each([
  ['by length', '/length', `Content-Length: ${TOTAL_BYTES}`],
  ['in chunks', '/chunked', 'Transfer-Encoding: chunked'],
])(
  'carries a gigabyte each way %s through a whole gateway in less than 64 MB',
  async (_how, path, framing) => {
    const { url, state } = await startServer();
    const candidate = await upstream().start();
    const running = await gateway().legacy(url).candidate(candidate).start();
    onTestFinished(async () => {
      await running.stop();
      await candidate.stop();
    });
    const port = Number(new URL(running.url).port);
    const open = (head: string) => {
      const socket = connect(port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.write(`${head}\r\n\r\n`);
      return socket;
    };
    const warm = new Sink(open('GET /small HTTP/1.1\r\nHost: a'));
    await until(() => warm.tail.endsWith('ok'), 'the first answer');
    const [pid = 0] = running.pids().workers;
    const before = memoryBytes(pid, 'VmRSS');

    const down = open(`GET ${path} HTTP/1.1\r\nHost: a`);
    const received = new Sink(down);
    down.pause();
    await stalled(() => state.pour);
    down.resume();
    await until(() => received.bytes > TOTAL_BYTES, 'the download', 60_000);

    const up = open(`PUT ${path} HTTP/1.1\r\nHost: a\r\n${framing}`);
    const answer = new Sink(up);
    const sending = pour(up, path === '/chunked');
    await stalled(() => sending);
    state.sink?.socket.resume();
    await until(() => answer.tail.endsWith('\r\n\r\nok'), 'the upload', 60_000);
    expect(memoryBytes(pid, 'VmHWM') - before).toBeLessThan(MAX_GROWTH_BYTES);
  },
  150_000,
);
