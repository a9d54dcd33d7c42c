import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAdminClient } from '../../src/control/admin-client.ts';
import type { AdminClient } from '../../src/control/admin-client.ts';
import { EventParser } from '../../src/control/admin-sse.ts';
import { CutoverError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import { stamped, startAdmin, token } from './admin-kit.ts';
import type { Admin } from './admin-kit.ts';

let admin: Admin;
let client: AdminClient;
const servers: Server[] = [];

beforeEach(async () => {
  admin = await startAdmin();
  client = createAdminClient({ address: `127.0.0.1:${admin.port}`, token });
});

afterEach(async () => {
  await client.close();
  await admin.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A client of a server that is no gateway. */
async function against(listener: RequestListener, timeoutMs = 10_000): Promise<AdminClient> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await until(() => server.listening);
  const { port } = server.address() as AddressInfo;
  return createAdminClient({ address: `127.0.0.1:${port}`, timeoutMs });
}

test('reads everything there is', async () => {
  expect(await client.status()).toMatchObject({ product: 'cutover', rollout: { phase: 'shadow' } });
  expect(await client.measured()).toMatchObject({
    status: { product: 'cutover' },
    gateInput: { state: { phase: 'shadow' }, evidence: { windows: 0 } },
  });
  expect(await client.history()).toMatchObject({ total: 1, intact: true });
  expect((await client.history(1)).entries).toHaveLength(1);
  expect(await client.differences(7)).toMatchObject({ compared: 7 });
  expect(await client.difference('feed')).toMatchObject({ class: { id: 'feed' } });
  expect(await client.metrics()).toContain('cutover_build_info 1');
  expect(await client.ready()).toBe(true);
  admin.backend.isReady = false;
  expect(await client.ready()).toBe(false);
});

test('carries every command over', async () => {
  const who = 'ana';
  const reason = 'because';
  const enforce = { phase: 'enforce' } as const;
  expect(await client.advance({ who, reason, force: true, to: enforce })).toMatchObject({
    stored: true,
    rollout: { phase: 'enforce' },
    entry: { who: 'ana@local', forced: true },
  });
  expect((await client.rollback({ who, reason })).rollout).toMatchObject({ phase: 'regional', step: 2 });
  expect((await client.pause({ who })).rollout.paused).toBe(true);
  expect((await client.resume({ who, reason })).rollout.paused).toBe(false);
  expect((await client.bypass({ who })).rollout.bypass).toBe(true);
  expect((await client.bypass({ who, on: false })).rollout.bypass).toBe(false);
  expect((await client.reload({ who })).entry.verb).toBe('reload');
});

test('throws what the gateway says, with its exit code, hint and detail', async () => {
  await expect(client.rollback({ who: 'ana', reason: 'x' })).rejects.toMatchObject({
    code: 'AT_START',
    exitCode: 5,
  });
  await expect(client.difference('none')).rejects.toMatchObject({ code: 'NO_SUCH_CLASS', exitCode: 2 });
  const failure = new CutoverError('CONFIG', '2 problems', { hint: 'cutover check', exitCode: 2 });
  admin.backend.failure = Object.assign(failure, { detail: 'line 3' });
  const thrown = await client.reload({ who: 'ana' }).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(CutoverError);
  expect(thrown).toMatchObject({ code: 'CONFIG', hint: 'cutover check', exitCode: 2, detail: 'line 3' });
});

test('is refused without a token, and reads all the same', async () => {
  const reader = createAdminClient({ address: `127.0.0.1:${admin.port}` });
  await expect(reader.pause({ who: 'ana' })).rejects.toMatchObject({ code: 'NO_TOKEN', exitCode: 5 });
  expect((await reader.status()).schemaVersion).toBe(1);
  await reader.close();
});

test('says UNREACHABLE with exit 6 when nobody listens', async () => {
  await admin.server.close();
  const nobody = createAdminClient({ address: `127.0.0.1:${admin.port}` });
  const failure = { code: 'UNREACHABLE', exitCode: 6 };
  await expect(nobody.status()).rejects.toMatchObject(failure);
  await expect(nobody.events().next()).rejects.toMatchObject(failure);
  expect(await nobody.status().catch((error: CutoverError) => error.hint)).toContain('cutover run');
  await nobody.close();
});

test('gives up on an answer that does not come, or does not end', async () => {
  const silent = await against(() => undefined, 200);
  await expect(silent.status()).rejects.toMatchObject({ code: 'TIMED_OUT', exitCode: 6 });
  const endless = await against((_request, response) => void response.write('{'), 200);
  await expect(endless.status()).rejects.toMatchObject({ code: 'TIMED_OUT', exitCode: 6 });
  await Promise.all([silent.close(), endless.close()]);
});

test('takes no answer that is not the one it asked for', async () => {
  for (const [status, body] of [
    [200, 'hello'],
    [200, '{"schemaVersion":2}'],
    [502, '<html>'],
    [500, '{"error":"x"}'],
  ] as const) {
    const other = await against((_request, response) => void response.writeHead(status).end(body));
    await expect(other.status(), body).rejects.toMatchObject({ code: 'BAD_ANSWER', exitCode: 1 });
    await other.close();
  }
  const huge = await against(
    (_request, response) => void response.end(Buffer.alloc(LIMITS.adminAnswerBytes + 1, 32)),
  );
  await expect(huge.metrics()).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  await huge.close();
});

test('follows events, resumes after the last one it saw, and ends on the signal', async () => {
  for (let sequence = 1; sequence <= 3; sequence += 1) admin.backend.emit(stamped(sequence));
  const stop = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    for await (const event of client.events({ after: 1, signal: stop.signal })) seen.push(event.sequence);
  })();
  await until(() => seen.length === 2);
  admin.backend.emit(stamped(4, 'größer'));
  await until(() => seen.length === 3);
  expect(seen).toEqual([2, 3, 4]);
  stop.abort();
  await following;
  await until(() => admin.backend.listeners.size === 0);
});

test('lets go of the stream when the reader stops', async () => {
  admin.backend.emit(stamped(1));
  for await (const event of client.events({ after: 0 })) {
    expect(event.sequence).toBe(1);
    break;
  }
  await until(() => admin.backend.listeners.size === 0);
}, 15_000);

test('reads events that arrive in pieces, and none that is too long', () => {
  const parser = new EventParser();
  const bytes = new TextEncoder().encode(
    ':\n\nretry: 1000\r\n\r\nid: 1\nevent: x\ndata: {"a":"é"}\n\ndata:b\ndata: c\n\n',
  );
  const events = [...bytes].flatMap((byte) => parser.push(Uint8Array.of(byte)));
  expect(events).toEqual(['{"a":"é"}', 'b\nc']);
  const long = new TextEncoder().encode('x'.repeat(LIMITS.adminEventBytes + 1));
  expect(() => new EventParser().push(long)).toThrow(RangeError);
  const lines = new TextEncoder().encode('data: 0123456789\n'.repeat(LIMITS.adminEventBytes / 10));
  expect(() => new EventParser().push(lines)).toThrow(RangeError);
});
