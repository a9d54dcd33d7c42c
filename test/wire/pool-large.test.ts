import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import type { Pool } from '../../src/wire/types.ts';
import { atEnd, call, startPool, type Heard } from './kit.ts';

/** Answers every request at once, from a thread of its own, and tells what it saw; a `/die` closes the connection. */
const SERVER = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer((socket) => {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (!text.endsWith(text.startsWith('GET') ? '\\r\\n\\r\\n' : 'END')) return;
    const target = text.split(' ')[1];
    text = '';
    parentPort.postMessage(target);
    if (target === '/die') socket.destroy();
    else socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok');
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

async function quickServer(): Promise<{ port: number; seen: string[] }> {
  const thread = new Worker(SERVER, { eval: true });
  atEnd(() => void thread.terminate());
  const [port] = (await once(thread, 'message')) as [number];
  const seen: string[] = [];
  thread.on('message', (target: string) => seen.push(target));
  return { port, seen };
}

/** Starts a call where copies are started, in a turn that goes on for a while: the answer is here before the tick. */
function startBusy(start: () => Heard): Promise<Heard> {
  return new Promise((resolve) => {
    setImmediate(() => {
      resolve(start().over());
      const untilMs = monotonicMs() + 20;
      while (monotonicMs() < untilMs);
    });
  });
}

const LARGE = 'a'.repeat(20_000);

/** A POST that ends with a mark. */
function post(pool: Pool, target: string, fields: string[], body: string): Heard {
  const contentLength = body.length + 3;
  const head = {
    method: 'POST',
    target,
    fields: new HeaderFields(fields),
    framing: 'length',
    contentLength,
  } as const;
  const heard = call(pool, head);
  heard.outbound?.write(Buffer.from(`${body}END`));
  heard.outbound?.end();
  return heard;
}

test.each([
  ['a large head', '/head', { fields: ['X-Large', LARGE.slice(0, 16_300)], body: LARGE.slice(0, 900) }],
  ['a large body', '/body', { fields: [], body: LARGE }],
])(
  'takes the answer that comes before the tick that says what was sent: %s',
  async (_, target, { fields, body }) => {
    const { port, seen } = await quickServer();
    const pool = startPool(port, { retry: false });
    await call(pool, { target: '/warm' }).over();
    const heard = await startBusy(() => post(pool, target, fields, body));
    expect([heard.failed, heard.body, heard.reused]).toEqual([null, 'ok', [true]]);
    expect(seen).toEqual(['/warm', target]);
  },
);

test('never sends a large request again that left before its tick', async () => {
  const { port, seen } = await quickServer();
  const pool = startPool(port, { retry: false });
  await call(pool, { target: '/warm' }).over();
  const fields = new HeaderFields(['X-Large', LARGE]);
  const heard = await startBusy(() => call(pool, { target: '/die', fields }));
  expect(heard.failed).toEqual({ code: 'upstream_reset', sent: true });
  expect(seen).toEqual(['/warm', '/die']);
});
