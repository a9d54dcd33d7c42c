import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import { dial, requestText, sendRaw, stamped, startAdmin, withToken } from './admin-kit.ts';
import type { Admin } from './admin-kit.ts';

let admin: Admin;

beforeEach(async () => {
  admin = await startAdmin({ heartbeatMs: 50 });
});

afterEach(async () => {
  await admin.stop();
});

function follow(path = '/v1/events', fields: Record<string, string> = {}) {
  const stream = dial(admin.port);
  stream.socket.write(requestText(`GET ${path}`, { ...withToken, ...fields }));
  return stream;
}

async function subscribed(count = 1): Promise<void> {
  await until(() => admin.backend.listeners.size === count, `${count} subscribers`);
}

test('streams events with their numbers, and comments in silence', async () => {
  const stream = follow();
  await subscribed();
  admin.backend.emit(stamped(1, 'a\nb'));
  await until(() => stream.text().includes('id: 1\n'));
  const data = /id: 1\nevent: store\ndata: (.*)\n/.exec(stream.text())?.[1] ?? '';
  expect(JSON.parse(data)).toEqual(stamped(1, 'a\nb'));
  await until(() => stream.text().split(':\n\n').length > 2, 'two heartbeats');
  stream.socket.destroy();
  await subscribed(0);
});

test('starts with what happens from now on, unless told where to resume', async () => {
  for (let sequence = 1; sequence <= 5; sequence += 1) admin.backend.emit(stamped(sequence));
  const fresh = follow();
  const resumed = follow('/v1/events', { 'last-event-id': '3' });
  const asked = follow('/v1/events?after=0');
  await subscribed(3);
  admin.backend.emit(stamped(6));
  const ids = (text: string): string[] => [...text.matchAll(/id: (\d+)/g)].map((match) => match[1] as string);
  await until(() => [fresh, resumed, asked].every((stream) => stream.text().includes('id: 6\n')));
  expect(ids(fresh.text())).toEqual(['6']);
  expect(ids(resumed.text())).toEqual(['4', '5', '6']);
  expect(ids(asked.text())).toEqual(['1', '2', '3', '4', '5', '6']);
  for (const stream of [fresh, resumed, asked]) stream.socket.destroy();
});

test('sends no event twice, however the backend overlaps past and present', async () => {
  const stream = follow('/v1/events?after=1');
  await subscribed();
  for (const sequence of [2, 1, 2, 3, 3]) admin.backend.emit(stamped(sequence));
  await until(() => stream.text().includes('id: 3\n'));
  expect(stream.text().match(/^id: /gm)).toHaveLength(2);
  stream.socket.destroy();
});

test('refuses an event number that is none', async () => {
  for (const id of ['-1', 'x', '1e3', '9'.repeat(16)]) {
    const answer = await sendRaw(
      admin.port,
      requestText('GET /v1/events', { ...withToken, 'last-event-id': id }),
    );
    expect(answer.status, id).toBe(400);
  }
});

test('cuts a client that does not read, and spares the others', async () => {
  await admin.stop();
  admin = await startAdmin({ heartbeatMs: 60_000 });
  const slow = follow();
  slow.socket.pause();
  const quick = follow();
  await subscribed(2);
  const message = 'x'.repeat(32 * 1024);
  let sequence = 0;
  await until(async () => {
    for (let burst = 0; burst < 8; burst += 1) admin.backend.emit(stamped((sequence += 1), message));
    await until(() => quick.text().includes(`id: ${sequence}\n`), 'the quick one to have it all');
    return admin.backend.listeners.size === 1;
  }, 'the slow one to be cut');
  expect(quick.socket.closed).toBe(false);
  quick.socket.destroy();
  slow.socket.destroy();
});

test('cuts a client that stopped reading with little on its way', async () => {
  const stuck = follow();
  stuck.socket.pause();
  await subscribed();
  const message = 'x'.repeat(200 * 1024);
  // Fills the kernel's buffers; what then waits in ours stays below the limit.
  await until(async () => {
    if (admin.backend.listeners.size > 0) admin.backend.emit(stamped(admin.backend.past.length + 1, message));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return admin.backend.listeners.size === 0;
  }, 'it to be cut');
  stuck.socket.resume();
  await until(() => stuck.socket.closed);
  const lost = admin.backend.past.length * message.length - stuck.text().length;
  expect(lost).toBeLessThan(LIMITS.adminEventBufferBytes);
});

test('has room for a limited number of subscribers', async () => {
  const streams = Array.from({ length: LIMITS.adminEventClients }, () => follow());
  await subscribed(LIMITS.adminEventClients);
  const refused = await sendRaw(admin.port, requestText('GET /v1/events', withToken));
  expect(refused.status).toBe(503);
  expect(refused.body).toContain('TOO_MANY_SUBSCRIBERS');
  expect((await sendRaw(admin.port, requestText('GET /v1/status'))).status).toBe(200);
  streams[0]?.socket.destroy();
  await subscribed(LIMITS.adminEventClients - 1);
  const taken = follow();
  await subscribed(LIMITS.adminEventClients);
  for (const stream of [...streams, taken]) stream.socket.destroy();
});

test('ends its streams when it closes', async () => {
  const stream = follow();
  await subscribed();
  await admin.server.close();
  await until(() => stream.socket.closed);
  expect(admin.backend.listeners.size).toBe(0);
});
